-- The latest refreshes of all stream tables, newest first. The words of errors are for those who may see them.
CREATE OR REPLACE FUNCTION pgstream.refresh_timeline(max_rows integer DEFAULT 50)
RETURNS TABLE (
  start_time timestamptz, stream_table text, action text, status text, rows_inserted bigint, rows_deleted bigint,
  duration_ms double precision, error_message text, rows_updated bigint, initiated_by text, reason text
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF max_rows IS NULL OR max_rows < 0 THEN
    RAISE EXCEPTION 'invalid max_rows: %', coalesce(max_rows::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a number of rows, 0 or greater.';
  END IF;
  RETURN QUERY
    -- Errors are looked up for the few lines that are shown.
    SELECT h.start_time, format('%I.%I', s.pgs_schema, s.pgs_name), h.action, h.status, h.rows_inserted, h.rows_deleted,
      h.duration_ms, coalesce((SELECT e.message FROM pgstream._visible_errors e WHERE e.refresh_id = h.refresh_id), h.error_message),
      h.rows_updated, h.initiated_by, h.reason
    FROM (SELECT r.* FROM pgstream.pgs_refresh_history r ORDER BY r.refresh_id DESC LIMIT max_rows) AS h
    JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    ORDER BY h.refresh_id DESC;
END
$$;
