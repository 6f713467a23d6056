-- Statistics in the manner of pg_stat_user_tables.
-- requires: monitor/st_refresh_stats
CREATE OR REPLACE VIEW pgstream.pg_stat_stream_tables AS
SELECT s.pgs_relid AS relid, t.pgs_schema AS schemaname, t.pgs_name AS relname, t.status, t.refresh_mode, t.is_populated,
  t.total_refreshes, t.successful_refreshes, t.failed_refreshes, t.total_rows_inserted, t.total_rows_updated,
  t.total_rows_deleted, t.avg_duration_ms, t.last_refresh_action, t.last_refresh_status, t.last_refresh_at, t.staleness_secs
FROM pgstream.st_refresh_stats() AS t
JOIN pgstream.pgs_stream_tables s ON s.pgs_schema = t.pgs_schema::name AND s.pgs_name = t.pgs_name::name;
GRANT SELECT ON pgstream.pg_stat_stream_tables TO PUBLIC;
