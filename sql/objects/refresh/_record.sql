-- One line of history. Everybody reads the kind of an error; its words go where only the owner does.
CREATE OR REPLACE FUNCTION pgstream._record(
  id bigint, action text, status text, result pgstream.refresh_result, as_of timestamptz, duration_ms double precision,
  initiated_by text, reason text, error_kind text DEFAULT NULL, error_message text DEFAULT NULL
) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  WITH line AS (
    INSERT INTO pgstream.pgs_refresh_history (pgs_id, data_timestamp, start_time, end_time, action, status,
      rows_inserted, rows_updated, rows_deleted, duration_ms, error_message, initiated_by, reason)
    VALUES (id, as_of, as_of, clock_timestamp(), action, status,
      coalesce(result.inserted, 0), coalesce(result.updated, 0), coalesce(result.deleted, 0), duration_ms, error_kind,
      initiated_by, reason)
    RETURNING refresh_id)
  INSERT INTO pgstream._error_texts (refresh_id, message)
  SELECT line.refresh_id, error_message FROM line WHERE error_message IS NOT NULL
$$;
