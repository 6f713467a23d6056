-- The refreshes that are under way, one line each: how, since when, what they should take (what the last ones of their kind
-- took; for changes, by how many there are), and what they wait for.
-- requires: monitor/_buffer_bytes
-- requires: refresh/_expected_delta
CREATE OR REPLACE VIEW pgstream.pg_stat_progress_refresh AS
WITH locks AS MATERIALIZED (
  SELECT l.pid, c.class, l.objid
  FROM pg_locks l
  JOIN (SELECT n.class, pgstream._progress_class(n.class)::oid AS classid FROM unnest('{DIFFERENTIAL,FULL,REINITIALIZE,ENDED,TIME}'::text[]) AS n(class)) AS c USING (classid)
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
)
SELECT l.pid, s.pgs_id, s.pgs_relid AS relid, s.pgs_schema AS schemaname, s.pgs_name AS relname, l.class AS action, s.refresh_mode,
  w.started_at,
  e.elapsed_ms,
  x.ms AS expected_ms,
  CASE WHEN w.is_done THEN 100 WHEN x.ms > 0 THEN round(least(99, 100 * e.elapsed_ms / x.ms)) END AS percent,
  (SELECT sum(y.bytes) FROM pgstream.pgs_dependencies d JOIN pgstream._buffer_bytes y USING (source_relid)
    WHERE d.pgs_id = s.pgs_id AND d.is_captured)::bigint AS buffered_bytes,
  b.application_name, b.state, CASE WHEN NOT w.is_done THEN b.wait_event_type END AS wait_event_type,
  CASE WHEN NOT w.is_done THEN b.wait_event END AS wait_event, CASE WHEN NOT w.is_done THEN pg_blocking_pids(l.pid) END AS blocked_by,
  p.pending AS pending_rows
FROM locks l
JOIN pgstream.pgs_stream_tables s ON (s.pgs_id % 2147483647)::integer = l.objid::integer
LEFT JOIN pgstream.frontiers f ON f.pgs_id = s.pgs_id
LEFT JOIN pg_stat_activity b ON b.pid = l.pid
-- Of a group one after the other is refreshed.
CROSS JOIN LATERAL (SELECT d.is_done, CASE WHEN NOT d.is_done THEN b.xact_start + coalesce(
    (SELECT max(t.objid::bigint) FROM locks t WHERE t.pid = l.pid AND t.class = 'TIME'), 0) * interval '1 millisecond' END AS started_at
  FROM (SELECT EXISTS (SELECT FROM locks n WHERE n.pid = l.pid AND n.class = 'ENDED' AND n.objid = l.objid) AS is_done) AS d) AS w
CROSS JOIN LATERAL (SELECT extract(epoch FROM clock_timestamp() - w.started_at)::double precision * 1000 AS elapsed_ms) AS e
LEFT JOIN LATERAL pgstream._expected_delta(s.pgs_id) AS p ON l.class = 'DIFFERENTIAL'
CROSS JOIN LATERAL (SELECT CASE l.class WHEN 'DIFFERENTIAL' THEN p.ms ELSE f.full_ms END AS ms) AS x
WHERE l.class IN ('DIFFERENTIAL', 'FULL', 'REINITIALIZE');
GRANT SELECT ON pgstream.pg_stat_progress_refresh TO PUBLIC;
