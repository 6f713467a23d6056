-- pgstream._recheck_unwatched for stream tables that are refreshed together: for all of them, before the first is refreshed, or
-- for none. What one of them finds may concern those before it, which would be of another moment then.
CREATE OR REPLACE FUNCTION pgstream._recheck_group(members bigint[], as_of timestamptz) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  looked CONSTANT bigint[] := ARRAY(
    SELECT s.pgs_id FROM pgstream.pgs_stream_tables s
    WHERE s.pgs_id = ANY (members) AND s.is_populated AND s.status <> 'SUSPENDED' AND s.broken_reason IS NULL
    ORDER BY array_position(members, s.pgs_id));
BEGIN
  IF pgstream._ddl_is_watched() AND NOT EXISTS (
    SELECT FROM pgstream._catalog_looks l
    WHERE l.pgs_id = ANY (looked) AND (l.looked_at BETWEEN as_of - interval '1 second' AND clock_timestamp()) IS NOT TRUE) THEN
    RETURN;
  END IF;
  PERFORM pgstream._recheck_unwatched(id) FROM unnest(looked) AS id;
END
$$;
