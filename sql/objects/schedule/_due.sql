-- Stream tables that want a refresh now, those that others read first. A bound says how stale the content may get at
-- most; a bound of a second is served as soon as something changed.
CREATE OR REPLACE FUNCTION pgstream._due() RETURNS TABLE (pgs_id bigint, depth integer)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT e.pgs_id, e.depth
  FROM pgstream._effective_schedules() e
  JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  JOIN pgstream.frontiers f USING (pgs_id)
  WHERE s.status IN ('INITIALIZING', 'ACTIVE')
    -- After a failure: 2 s, 4 s, 8 s … up to a minute.
    AND (s.last_error IS NULL OR f.last_refresh_at IS NULL
      OR f.last_refresh_at + make_interval(secs => least(60, 2 ^ greatest(s.consecutive_errors, 1))) <= clock_timestamp())
    AND (NOT s.is_populated
      OR CASE
        WHEN e.cron IS NOT NULL THEN pgstream._cron_next(e.cron, f.data_timestamp) <= clock_timestamp()
        -- A refresh takes its time: start early enough for the bound to hold.
        WHEN f.data_timestamp + make_interval(secs => greatest(e.seconds - coalesce(f.last_duration_ms, 0) / 500.0, 0))
          <= clock_timestamp() THEN true
        WHEN e.seconds <= 1 AND s.strategy = 'DIFFERENTIAL' AND s.is_populated
          THEN pgstream._has_pending(s.pgs_id, f)
        ELSE false END)
  ORDER BY e.depth, e.pgs_id
$$;
