-- The state of everything in one line, for monitors that ask often: `status` is EMPTY, UNRESTORED (restore_stream_tables() is
-- waited for), OK, WARNING (something is stale, failing
-- or suspended by hand) or CRITICAL (broken, suspended for errors, or no scheduler for a minute).
-- requires: monitor/_dag_nodes, monitor/_scheduler_seen
CREATE OR REPLACE VIEW pgstream.quick_health AS
SELECT t.total AS total_stream_tables, t.errors AS error_tables, t.stale AS stale_tables, w.running AS scheduler_running,
  CASE WHEN t.total OPERATOR(pg_catalog.=) 0 THEN 'EMPTY'
    WHEN NOT pgstream._is_home() THEN 'UNRESTORED'
    WHEN t.broken OPERATOR(pg_catalog.>) 0 OR NOT w.running THEN 'CRITICAL'
    WHEN t.errors OPERATOR(pg_catalog.>) 0 OR t.stale OPERATOR(pg_catalog.>) 0 OR t.suspended OPERATOR(pg_catalog.>) 0 THEN 'WARNING'
    ELSE 'OK' END AS status,
  t.suspended AS suspended_tables, t.oldest AS max_staleness
FROM (
  SELECT pg_catalog.count(*) AS total,
    pg_catalog.count(*) FILTER (WHERE n.state OPERATOR(pg_catalog.=) 'failing') AS errors,
    pg_catalog.count(*) FILTER (WHERE n.state OPERATOR(pg_catalog.=) 'stale') AS stale,
    pg_catalog.count(*) FILTER (WHERE s.status OPERATOR(pg_catalog.=) 'SUSPENDED') AS suspended,
    pg_catalog.count(*) FILTER (WHERE s.status OPERATOR(pg_catalog.=) 'ERROR'
      OR s.status OPERATOR(pg_catalog.=) 'SUSPENDED' AND s.last_error IS NOT NULL) AS broken,
    pg_catalog.max(pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) n.data_timestamp) AS oldest
  FROM pgstream._dag_nodes n
  JOIN pgstream.pgs_stream_tables s ON s.pgs_relid OPERATOR(pg_catalog.=) n.relid
) AS t, (
  SELECT w.at OPERATOR(pg_catalog.>) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) interval '1 minute') AS running
  FROM pgstream._scheduler_seen w
) AS w;
GRANT SELECT ON pgstream.quick_health TO PUBLIC;
