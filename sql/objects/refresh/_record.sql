-- One line of history, and its number. Everybody reads the kind of an error; its words go to pgstream._error_texts.
CREATE OR REPLACE FUNCTION pgstream._record(
  id bigint, action text, status text, result pgstream.refresh_result, as_of timestamptz, duration_ms double precision,
  initiated_by text, reason text, error_kind text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
  line bigint;
BEGIN
  INSERT INTO pgstream.pgs_refresh_history (pgs_id, data_timestamp, start_time, end_time, action, status,
    rows_inserted, rows_updated, rows_deleted, duration_ms, error_message, initiated_by, reason)
  VALUES (id, as_of, clock_timestamp() - make_interval(secs => coalesce(duration_ms, 0) / 1000), clock_timestamp(), action, status,
    coalesce(result.inserted, 0), coalesce(result.updated, 0), coalesce(result.deleted, 0), duration_ms, error_kind,
    initiated_by, reason)
  RETURNING refresh_id INTO line;
  IF result.inserted + result.updated + result.deleted > 0 AND EXISTS (SELECT FROM pgstream.pgs_subscriptions s WHERE s.pgs_id = id) THEN
    PERFORM pgstream._notify_subscribers(id, action, result);
  END IF;
  RETURN line;
END
$$;
