-- After a stream table has stopped reading these: capture that nobody needs goes, and so do rights on the buffers.
CREATE OR REPLACE FUNCTION pgstream._release_sources(sources oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source oid;
BEGIN
  FOREACH source IN ARRAY sources LOOP
    IF NOT pgstream._retire_capture(source) THEN
      PERFORM pgstream._grant_buffer(source);
    END IF;
  END LOOP;
END
$$;
