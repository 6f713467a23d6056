-- One line per stream table: is it well, and how fresh?
CREATE OR REPLACE FUNCTION pgstream.pgs_status()
RETURNS TABLE (
  name text, status text, refresh_mode text, is_populated boolean, consecutive_errors integer, schedule text,
  data_timestamp timestamptz, staleness interval
)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%I.%I', s.pgs_schema, s.pgs_name), s.status, s.refresh_mode, s.is_populated, s.consecutive_errors,
    coalesce(s.schedule, 'calculated'), f.data_timestamp, clock_timestamp() - f.data_timestamp
  FROM pgstream.pgs_stream_tables s LEFT JOIN pgstream._freshness() f USING (pgs_id)
  ORDER BY 1
$$;
