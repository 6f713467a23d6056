-- Stream tables as people want to read them: without trees and plans, with their freshness. The words of the last error
-- are for those who may see them, its kind for everybody.
-- requires: schedule/_kept_by_prepared, monitor/_visible_errors, graph/_freshness, graph/_graph_with, graph/_news_of_graph, graph/_patience
CREATE OR REPLACE VIEW pgstream.stream_tables_info AS
SELECT s.pgs_id, s.pgs_relid, s.pgs_schema, s.pgs_name, s.defining_query, coalesce(s.schedule, 'calculated') AS schedule,
  s.schedule_seconds, s.refresh_mode, s.strategy, CASE WHEN h.is_home THEN s.status ELSE 'UNRESTORED' END AS status, s.is_populated AND h.is_home AS is_populated, s.needs_reinit, s.reinit_reason, s.broken_reason,
  s.consecutive_errors,
  CASE WHEN s.broken_reason IS NULL AND s.last_error IS NOT NULL
    THEN coalesce((SELECT e.message FROM pgstream._visible_errors e
      WHERE e.pgs_id OPERATOR(pg_catalog.=) s.pgs_id AND e.status OPERATOR(pg_catalog.=) 'FAILED'
      ORDER BY e.refresh_id DESC LIMIT 1), s.last_error)
    ELSE s.last_error END AS last_error,
  s.cdc_mode, d.data_timestamp, f.last_refresh_at, f.last_duration_ms,
  pg_catalog.clock_timestamp() - d.data_timestamp AS staleness,
  -- Nobody can say it of schedules by cron from here.
  date_part('epoch', pg_catalog.clock_timestamp() - d.data_timestamp) > (SELECT p.seconds FROM pgstream._patience p WHERE p.pgs_id OPERATOR(pg_catalog.=) s.pgs_id) AS stale,
  s.created_at,
  -- What is suspended or broken waits for nothing, whatever its last try met.
  CASE WHEN NOT h.is_home THEN 'restore_stream_tables()' WHEN s.status NOT IN ('SUSPENDED', 'ERROR')
    THEN coalesce(k.words, f.waiting_for, CASE WHEN NOT g.is_alone THEN pgstream._held_by(s.pgs_id) END) END AS waiting_for,
  g.seconds AS bound_seconds, g.group_id, s.consistency_group
FROM (SELECT pgstream._is_home() AS is_home OFFSET 0) AS h CROSS JOIN pgstream.pgs_stream_tables s
LEFT JOIN pgstream.frontiers f USING (pgs_id)
LEFT JOIN pgstream._kept_by_prepared() k USING (pgs_id)
LEFT JOIN pgstream._freshness() d USING (pgs_id)
LEFT JOIN pgstream._graph_with(pgstream._news_of_graph(false)) g USING (pgs_id);
GRANT SELECT ON pgstream.stream_tables_info TO PUBLIC;
