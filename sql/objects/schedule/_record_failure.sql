-- Records a refresh by the scheduler that did not come about. What passes by itself (locks, serialization, connections)
-- does not count: it is tried again after 2 s, 4 s, 8 s … up to a minute, and after the others. What does not is counted,
-- until the stream table is suspended.
CREATE OR REPLACE FUNCTION pgstream._record_failure(id bigint, started timestamptz, message text, state text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  passing CONSTANT boolean := pgstream._passes_by_itself(state, message);
  kind text := pgstream._error_kind(state);
  words text := message;
  most integer;
  failures integer;
  line bigint;
BEGIN
  IF state = '55P03' THEN
    kind := coalesce(pgstream._lock_in_the_way(id), 'waiting for a lock');
    words := NULL;
  END IF;
  line := pgstream._record(id, 'SKIP', CASE WHEN passing THEN 'SKIPPED' ELSE 'FAILED' END, NULL, started,
    extract(epoch FROM clock_timestamp() - started) * 1000, 'SCHEDULER', state, kind);
  IF words IS NOT NULL THEN
    INSERT INTO pgstream._error_texts (refresh_id, message) VALUES (line, words);
  END IF;
  IF passing THEN
    UPDATE pgstream.frontiers f
    SET skips = f.skips + 1, waiting_for = kind,
      retry_at = clock_timestamp() + make_interval(secs => least(60, 2 ^ least(f.skips + 1, 6)))
    WHERE f.pgs_id = id;
    RETURN;
  END IF;
  most := pgstream._setting('pg_stream.max_consecutive_errors');
  UPDATE pgstream.pgs_stream_tables s
  SET consecutive_errors = s.consecutive_errors + 1, last_error = kind,
    status = CASE WHEN s.consecutive_errors + 1 >= most THEN 'SUSPENDED' ELSE s.status END
  WHERE s.pgs_id = id
  RETURNING s.consecutive_errors INTO failures;
  -- The bound is missed; the next try comes when it would be due again.
  UPDATE pgstream.frontiers f SET last_refresh_at = clock_timestamp(), skips = 0, retry_at = NULL, waiting_for = NULL WHERE f.pgs_id = id;
  -- Whoever listens may be anybody.
  PERFORM pgstream._alert('refresh_failed', id, jsonb_build_object('error', kind, 'sqlstate', state, 'consecutive_errors', failures));
  IF failures >= most THEN
    PERFORM pgstream._alert('auto_suspended', id, jsonb_build_object('error', kind, 'consecutive_errors', failures));
  END IF;
END
$$;
