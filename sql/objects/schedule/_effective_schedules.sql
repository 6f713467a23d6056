-- The bound that holds for each stream table: its own, or, where it is calculated, the tightest of those that read it;
-- a minute when nobody does. `depth` is the longest way down to ordinary tables.
CREATE OR REPLACE FUNCTION pgstream._effective_schedules()
RETURNS TABLE (pgs_id bigint, seconds double precision, cron text, depth integer)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE edges AS (
    SELECT d.pgs_id AS reader, s.pgs_id AS source
    FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = d.source_relid
  ), below AS (
    SELECT s.pgs_id, 0 AS depth FROM pgstream.pgs_stream_tables s
    UNION ALL
    SELECT e.reader, b.depth + 1 FROM below b JOIN edges e ON e.source = b.pgs_id
  ), above AS (
    SELECT s.pgs_id, s.pgs_id AS reader FROM pgstream.pgs_stream_tables s
    UNION
    SELECT a.pgs_id, e.reader FROM above a JOIN edges e ON e.source = a.reader
  )
  SELECT s.pgs_id,
    CASE WHEN s.schedule IS NULL OR lower(s.schedule) = 'calculated'
      THEN coalesce((SELECT min(r.schedule_seconds) FROM above a JOIN pgstream.pgs_stream_tables r ON r.pgs_id = a.reader
        WHERE a.pgs_id = s.pgs_id), 60)
      ELSE s.schedule_seconds END,
    CASE WHEN s.schedule_seconds IS NULL AND lower(s.schedule) <> 'calculated' THEN s.schedule END,
    (SELECT max(b.depth) FROM below b WHERE b.pgs_id = s.pgs_id)
  FROM pgstream.pgs_stream_tables s
$$;
