-- Totals over the history of every stream table.
CREATE OR REPLACE FUNCTION pgstream.st_refresh_stats()
RETURNS TABLE (
  pgs_name text, pgs_schema text, status text, refresh_mode text, is_populated boolean, total_refreshes bigint,
  successful_refreshes bigint, failed_refreshes bigint, total_rows_inserted bigint, total_rows_deleted bigint,
  avg_duration_ms double precision, last_refresh_action text, last_refresh_status text, last_refresh_at timestamptz,
  staleness_secs double precision, total_rows_updated bigint
)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.pgs_name::text, s.pgs_schema::text, CASE WHEN (SELECT pgstream._is_home()) THEN s.status ELSE 'UNRESTORED' END, s.refresh_mode, s.is_populated, h.total, h.succeeded, h.failed,
    h.inserted, h.deleted, h.duration_ms, last.action, last.status, f.last_refresh_at,
    extract(epoch FROM clock_timestamp() - d.data_timestamp)::double precision, h.updated
  FROM pgstream.pgs_stream_tables s
  LEFT JOIN pgstream.frontiers f USING (pgs_id)
  LEFT JOIN pgstream._freshness() d USING (pgs_id)
  CROSS JOIN LATERAL (
    SELECT count(*) AS total, count(*) FILTER (WHERE r.status = 'COMPLETED') AS succeeded,
      count(*) FILTER (WHERE r.status = 'FAILED') AS failed, coalesce(sum(r.rows_inserted), 0)::bigint AS inserted,
      coalesce(sum(r.rows_updated), 0)::bigint AS updated, coalesce(sum(r.rows_deleted), 0)::bigint AS deleted,
      avg(r.duration_ms) FILTER (WHERE r.status = 'COMPLETED') AS duration_ms
    FROM pgstream.pgs_refresh_history r WHERE r.pgs_id = s.pgs_id
  ) AS h
  LEFT JOIN LATERAL (
    SELECT r.action, r.status FROM pgstream.pgs_refresh_history r WHERE r.pgs_id = s.pgs_id ORDER BY r.refresh_id DESC LIMIT 1
  ) AS last ON true
  ORDER BY s.pgs_schema, s.pgs_name
$$;
