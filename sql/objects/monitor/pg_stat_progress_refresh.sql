-- The refreshes that are under way, one line each: how, since when, what the last ones of their kind took, and what they wait
-- for.
-- requires: monitor/_buffer_bytes
CREATE OR REPLACE VIEW pgstream.pg_stat_progress_refresh AS
SELECT l.pid, s.pgs_id, s.pgs_relid AS relid, s.pgs_schema AS schemaname, s.pgs_name AS relname, a.action, s.refresh_mode,
  b.xact_start AS started_at,
  e.elapsed_ms,
  -- A differential refresh is as long as what has changed: of that only the small ones are known.
  CASE WHEN a.action = 'DIFFERENTIAL' THEN NULL ELSE f.full_ms END AS expected_ms,
  CASE WHEN a.action <> 'DIFFERENTIAL' AND f.full_ms > 0 THEN round(least(99, 100 * e.elapsed_ms / f.full_ms)) END AS percent,
  (SELECT sum(y.bytes) FROM pgstream.pgs_dependencies d JOIN pgstream._buffer_bytes y USING (source_relid)
    WHERE d.pgs_id = s.pgs_id AND d.is_captured)::bigint AS buffered_bytes,
  b.application_name, b.state, b.wait_event_type, b.wait_event, pg_blocking_pids(l.pid) AS blocked_by
FROM (VALUES ('DIFFERENTIAL'), ('FULL'), ('REINITIALIZE')) AS a(action)
JOIN pg_locks l ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = pgstream._progress_class(a.action)::oid
  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
JOIN pgstream.pgs_stream_tables s ON (s.pgs_id % 2147483647)::integer = l.objid::integer
LEFT JOIN pgstream.frontiers f ON f.pgs_id = s.pgs_id
LEFT JOIN pg_stat_activity b ON b.pid = l.pid
CROSS JOIN LATERAL (SELECT extract(epoch FROM clock_timestamp() - b.xact_start)::double precision * 1000 AS elapsed_ms) AS e;
GRANT SELECT ON pgstream.pg_stat_progress_refresh TO PUBLIC;
