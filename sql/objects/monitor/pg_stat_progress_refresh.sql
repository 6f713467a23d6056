-- The refreshes that are under way, one line each: how, since when, what they should take (what the last ones of their kind
-- took; for changes, by how many there are), and what they wait for.
-- requires: monitor/_buffer_bytes
-- requires: refresh/_expected_delta
CREATE OR REPLACE VIEW pgstream.pg_stat_progress_refresh AS
SELECT l.pid, s.pgs_id, s.pgs_relid AS relid, s.pgs_schema AS schemaname, s.pgs_name AS relname, a.action, s.refresh_mode,
  b.xact_start AS started_at,
  e.elapsed_ms,
  x.ms AS expected_ms,
  CASE WHEN x.ms > 0 THEN round(least(99, 100 * e.elapsed_ms / x.ms)) END AS percent,
  (SELECT sum(y.bytes) FROM pgstream.pgs_dependencies d JOIN pgstream._buffer_bytes y USING (source_relid)
    WHERE d.pgs_id = s.pgs_id AND d.is_captured)::bigint AS buffered_bytes,
  b.application_name, b.state, b.wait_event_type, b.wait_event, pg_blocking_pids(l.pid) AS blocked_by,
  p.pending AS pending_rows
FROM (VALUES ('DIFFERENTIAL'), ('FULL'), ('REINITIALIZE')) AS a(action)
JOIN pg_locks l ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = pgstream._progress_class(a.action)::oid
  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
JOIN pgstream.pgs_stream_tables s ON (s.pgs_id % 2147483647)::integer = l.objid::integer
LEFT JOIN pgstream.frontiers f ON f.pgs_id = s.pgs_id
LEFT JOIN pg_stat_activity b ON b.pid = l.pid
CROSS JOIN LATERAL (SELECT extract(epoch FROM clock_timestamp() - b.xact_start)::double precision * 1000 AS elapsed_ms) AS e
LEFT JOIN LATERAL pgstream._expected_delta(s.pgs_id) AS p ON a.action = 'DIFFERENTIAL'
CROSS JOIN LATERAL (SELECT CASE a.action WHEN 'DIFFERENTIAL' THEN p.ms ELSE f.full_ms END AS ms) AS x;
GRANT SELECT ON pgstream.pg_stat_progress_refresh TO PUBLIC;
