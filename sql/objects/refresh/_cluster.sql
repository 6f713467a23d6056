-- The cluster that gives transaction ids their meaning: a frontier from another one says nothing here. A session stays in
-- one; IMMUTABLE has it read when a plan is made, not from the file at each use (20 µs).
CREATE OR REPLACE FUNCTION pgstream._cluster() RETURNS bigint
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
  RETURN (SELECT c.system_identifier FROM pg_catalog.pg_control_system() AS c);
END
$$;
