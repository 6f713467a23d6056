-- Gives what was generated for a stream table to its present owner, of whom nothing told: REASSIGN OWNED fires no event
-- trigger. Anybody may call it: it does what is due. Nearly always nothing is, and then it takes no lock, which anybody could
-- keep for as long as they like.
CREATE OR REPLACE FUNCTION pgstream._follow_owner(id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  is_locked boolean := false;
  owner oid;
BEGIN
  LOOP
    owner := (SELECT c.relowner FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid WHERE s.pgs_id = id);
    IF owner IS NULL OR pgstream._gate_is_of(id, owner) THEN
      RETURN;
    END IF;
    EXIT WHEN is_locked;
    PERFORM FROM pgstream.frontiers f WHERE f.pgs_id = id FOR UPDATE;
    is_locked := true;
  END LOOP;
  PERFORM pgstream._own_generated_objects(id);
END
$$;
