-- For who has locked the frontier of a stream table that was due: it may have been refreshed, tried in vain, suspended or
-- broken by somebody else meanwhile. What a differential refresh has to do it finds out itself.
CREATE OR REPLACE FUNCTION pgstream._still_due(id bigint, frontier pgstream.frontiers) RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((
    SELECT CASE WHEN s.strategy = 'DIFFERENTIAL'
      THEN pgstream._is_due(id, s.is_populated, s.strategy, s.last_error, s.consecutive_errors, frontier, 0, NULL)
      ELSE (SELECT pgstream._is_due(id, s.is_populated, s.strategy, s.last_error, s.consecutive_errors, frontier, e.seconds, e.cron)
        FROM pgstream._effective_schedules() e WHERE e.pgs_id = id) END
    FROM pgstream.pgs_stream_tables s
    WHERE s.pgs_id = id AND s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL), false)
$$;
