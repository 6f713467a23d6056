-- What pgstream._follow_drop does at once, where nobody told that the table of a stream table was dropped: forgets it, and
-- tells its readers. False when the table is there.
CREATE OR REPLACE FUNCTION pgstream._forget_gone(id bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  relation CONSTANT oid := (
    SELECT s.pgs_relid FROM pgstream.pgs_stream_tables s
    WHERE s.pgs_id = id AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = s.pgs_relid));
BEGIN
  -- What was restored from a dump has the numbers of another database.
  IF relation IS NULL OR NOT pgstream._is_home() THEN
    RETURN false;
  END IF;
  PERFORM FROM pgstream.frontiers f WHERE f.pgs_id = id FOR UPDATE;
  PERFORM pgstream._forget_stream_table(id);
  PERFORM pgstream._recheck_source(relation);
  PERFORM pgstream._recheck_uncaptured(relation);
  RETURN true;
END
$$;
