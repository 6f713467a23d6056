-- Stream tables that want a refresh now, those that others read first; last those that had to be left waiting.
CREATE OR REPLACE FUNCTION pgstream._due() RETURNS TABLE (pgs_id bigint, depth integer)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT e.pgs_id, e.depth
  FROM pgstream._effective_schedules() e
  JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  JOIN pgstream.frontiers f USING (pgs_id)
  WHERE s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL
    AND pgstream._is_due(s.pgs_id, s.is_populated, s.strategy, s.last_error, s.consecutive_errors, f, e.seconds, e.cron)
  ORDER BY f.skips > 0, e.depth, e.pgs_id
$$;
