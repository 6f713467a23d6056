-- A view that a stream table reads was replaced: by a query over the stream table itself?
CREATE OR REPLACE FUNCTION pgstream._mark_cycle(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  way text;
BEGIN
  SELECT * INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  way := pgstream._cycle(target.pgs_relid, ARRAY(
    SELECT r.key::oid FROM jsonb_each(pgstream._stored_request(id, target.refresh_mode) -> 'relations') AS r ORDER BY 1));
  IF way IS NOT NULL THEN
    PERFORM pgstream._mark_stream_tables(ARRAY[id], 'broken', format('it would read itself: %s', way));
  END IF;
END
$$;
