-- Gives what was generated for a stream table to its present owner, of whom nothing told: REASSIGN OWNED fires no event
-- trigger. Anybody may call it: it does what is due.
CREATE OR REPLACE FUNCTION pgstream._follow_owner(id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM pgstream.frontiers f WHERE f.pgs_id = id FOR UPDATE;
  IF NOT pgstream._gate_is_of(id, (
      SELECT c.relowner FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid WHERE s.pgs_id = id)) THEN
    PERFORM pgstream._own_generated_objects(id);
  END IF;
END
$$;
