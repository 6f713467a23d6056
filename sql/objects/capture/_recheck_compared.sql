-- For a stream table that reads the copy of a source in its place: nothing of its plan tells when the source itself, which
-- its query names, gets another name or is gone.
CREATE OR REPLACE FUNCTION pgstream._recheck_compared(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT pgstream._reads_copy(id) THEN
    RETURN;
  END IF;
  PERFORM pgstream._mark_stream_tables(ARRAY[id], 'broken', 'a source that is compared was dropped')
  FROM pgstream.pgs_stream_tables s
  WHERE s.pgs_id = id AND s.broken_reason IS NULL AND EXISTS (
    SELECT FROM unnest(s.relations) AS r WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = r));
  PERFORM pgstream._follow_names(id) FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id AND s.broken_reason IS NULL;
END
$$;
