-- The cluster that gives transaction ids their meaning: a frontier from another one says nothing here.
CREATE OR REPLACE FUNCTION pgstream._cluster() RETURNS bigint
LANGUAGE sql STABLE
AS $$
  SELECT system_identifier FROM pg_control_system()
$$;
