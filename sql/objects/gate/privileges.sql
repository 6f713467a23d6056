-- requires: restore/settled
-- Who may call what; older installations get their gates.
DO $$
BEGIN
  PERFORM pgstream._protect();
  -- A catalog that was restored from a dump does not know its tables yet.
  IF pgstream._is_home() THEN
    PERFORM pgstream._own_generated_objects(s.pgs_id) FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid IS NOT NULL;
  END IF;
END
$$;
