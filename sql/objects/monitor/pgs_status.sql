-- One line per stream table: is it well, and how fresh? In a database that waits to be restored nobody can say.
CREATE OR REPLACE FUNCTION pgstream.pgs_status()
RETURNS TABLE (
  name text, status text, refresh_mode text, is_populated boolean, consecutive_errors integer, schedule text,
  data_timestamp timestamptz, staleness interval
)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%I.%I', s.pgs_schema, s.pgs_name), CASE WHEN h.is_home THEN s.status ELSE 'UNRESTORED' END, s.refresh_mode, s.is_populated AND h.is_home, s.consecutive_errors,
    coalesce(s.schedule, 'calculated'), f.data_timestamp, clock_timestamp() - f.data_timestamp
  FROM (SELECT pgstream._is_home() AS is_home OFFSET 0) AS h CROSS JOIN pgstream.pgs_stream_tables s LEFT JOIN pgstream._freshness() f USING (pgs_id)
  ORDER BY 1
$$;
