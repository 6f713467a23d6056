-- The latest refreshes of one stream table, newest first. The words of errors are for those who may see them.
--
-- So SECURITY INVOKER.
CREATE OR REPLACE FUNCTION pgstream.get_refresh_history(name text, max_rows integer DEFAULT 20)
RETURNS TABLE (
  refresh_id bigint, data_timestamp timestamptz, start_time timestamptz, end_time timestamptz, action text, status text,
  rows_inserted bigint, rows_deleted bigint, duration_ms double precision, error_message text, reason text, rows_updated bigint,
  initiated_by text
)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
  id bigint := pgstream._stream_table_id(name);
BEGIN
  IF max_rows IS NULL OR max_rows OPERATOR(pg_catalog.<) 0 THEN
    RAISE EXCEPTION 'invalid max_rows: %', coalesce(max_rows::pg_catalog.text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a number of rows, 0 or greater.';
  END IF;
  RETURN QUERY
    SELECT h.refresh_id, h.data_timestamp, h.start_time, h.end_time, h.action, h.status, h.rows_inserted, h.rows_deleted,
      h.duration_ms, coalesce(e.message, h.error_message), h.reason, h.rows_updated, h.initiated_by
    FROM pgstream.pgs_refresh_history h
    LEFT JOIN pgstream._visible_errors e ON e.refresh_id OPERATOR(pg_catalog.=) h.refresh_id
    WHERE h.pgs_id OPERATOR(pg_catalog.=) id
    ORDER BY h.refresh_id DESC LIMIT max_rows;
END
$$;
