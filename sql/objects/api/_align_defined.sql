-- After a definition was made or replaced, and its hidden view is gone: brings the others of its group to the same moment. They may
-- have to read their own definitions again for that, and to give columns other types.
CREATE OR REPLACE FUNCTION pgstream._align_defined(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable')
    AND (SELECT s.is_populated FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id) THEN
    PERFORM pgstream._align_group(id);
  END IF;
END
$$;
