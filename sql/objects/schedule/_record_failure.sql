-- Counts a failed refresh. What passes by itself (locks, serialization, connections) is only noted: the next pass tries
-- again.
CREATE OR REPLACE FUNCTION pgstream._record_failure(id bigint, started timestamptz, message text, state text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  passing CONSTANT boolean := left(state, 2) IN ('40', '55', '57', '08') AND state <> '55000';
  most CONSTANT integer := coalesce(nullif(current_setting('pg_stream.max_consecutive_errors', true), '')::integer, 3);
  failures integer;
BEGIN
  PERFORM pgstream._record(id, 'SKIP', CASE WHEN passing THEN 'SKIPPED' ELSE 'FAILED' END, NULL, started,
    extract(epoch FROM clock_timestamp() - started) * 1000, 'SCHEDULER', state, message);
  IF passing THEN
    RETURN;
  END IF;
  UPDATE pgstream.pgs_stream_tables s
  SET consecutive_errors = s.consecutive_errors + 1, last_error = message,
    status = CASE WHEN s.consecutive_errors + 1 >= most THEN 'SUSPENDED' ELSE s.status END
  WHERE s.pgs_id = id
  RETURNING s.consecutive_errors INTO failures;
  -- The bound is missed; the next try comes when it would be due again.
  UPDATE pgstream.frontiers f SET last_refresh_at = clock_timestamp() WHERE f.pgs_id = id;
  PERFORM pgstream._alert('refresh_failed', id, jsonb_build_object('error', message, 'sqlstate', state, 'consecutive_errors', failures));
  IF failures >= most THEN
    PERFORM pgstream._alert('auto_suspended', id, jsonb_build_object('error', message, 'consecutive_errors', failures));
  END IF;
END
$$;
