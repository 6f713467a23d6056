-- Records a refresh by the scheduler that did not come about. What passes by itself (locks, serialization, connections)
-- does not count: it is tried again after 2 s, 4 s, 8 s … up to a minute, and after the others. What does not is counted,
-- until the stream table is suspended. So is, from the tenth in a row, what a user's function only says of itself by RAISE
-- (`is_raised`). What fails for the data is not tried again until these change (`total` and the others are what the try had seen,
-- as in pgstream._note_look), or somebody writes the stream table's row: DDL that concerns it, its owner. Where nobody tells
-- of DDL it is tried again like the rest. Returns SKIPPED, FAILED, or CANCELED when somebody canceled the query.
CREATE OR REPLACE FUNCTION pgstream._record_failure(
  id bigint, started timestamptz, message text, state text, is_raised boolean,
  total numeric DEFAULT NULL, in_flight pg_snapshot DEFAULT NULL, number bigint DEFAULT NULL
) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  passing boolean := pgstream._passes_by_itself(state, message);
  is_said CONSTANT boolean := passing AND is_raised;
  kind text := pgstream._error_kind(state);
  words text := message;
  most integer;
  failures integer;
  is_suspended boolean;
  line bigint;
  is_of_data CONSTANT boolean := (pgstream._error_advice(state)).error_type = 'data' AND total IS NOT NULL AND pgstream._ddl_is_watched();
  version xid;
  -- Tried again only because a transaction has ended that might have changed something: that counts once.
  is_again boolean;
BEGIN
  IF is_said THEN
    kind := kind || ', raised by a function of the query';
    passing := (SELECT f.skips < 9 FROM pgstream.frontiers f WHERE f.pgs_id = id);
  ELSIF state = '55P03' THEN
    -- Or of ours, which says more (pgstream._ensure_identities).
    kind := coalesce(pgstream._lock_in_the_way(id), CASE WHEN message LIKE 'waiting for %' AND NOT is_raised THEN message END, 'waiting for a lock');
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
    RETURN CASE WHEN state = '57014' AND NOT is_raised THEN 'CANCELED' ELSE 'SKIPPED' END;
  END IF;
  -- What the refresh found missing, and noted, was rolled back with it.
  IF NOT pgstream._ddl_is_watched() OR state = '55000' THEN
    BEGIN
      PERFORM pgstream._recheck_unwatched(id);
    EXCEPTION WHEN OTHERS THEN
      -- The next refresh finds it again.
      NULL;
    END;
  END IF;
  -- The type of a source's column was changed, and the query or a view above cannot follow (pgstream._redefine_again).
  UPDATE pgstream.pgs_stream_tables s
  SET broken_reason = message, status = 'ERROR', last_error = message
  WHERE s.pgs_id = id AND s.needs_redefine AND s.broken_reason IS NULL AND state = '2BP01';
  IF state = '54000' THEN
    PERFORM pgstream._allow_long_values(id);
  END IF;
  is_again := is_of_data AND EXISTS (
    SELECT FROM pgstream.frontiers f JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    WHERE f.pgs_id = id AND f.failed_version = s.xmin AND f.seen = total AND s.consecutive_errors > 0);
  most := pgstream._setting('pg_stream.max_consecutive_errors');
  UPDATE pgstream.pgs_stream_tables s
  SET consecutive_errors = s.consecutive_errors + (NOT is_again)::integer,
    -- What is broken says why.
    last_error = CASE WHEN s.broken_reason IS NULL THEN kind ELSE s.last_error END,
    status = CASE WHEN s.consecutive_errors + (NOT is_again)::integer >= most AND s.broken_reason IS NULL THEN 'SUSPENDED' ELSE s.status END
  WHERE s.pgs_id = id
  RETURNING s.consecutive_errors, s.status = 'SUSPENDED' INTO failures, is_suspended;
  version := (SELECT s.xmin FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id);
  IF is_of_data THEN
    UPDATE pgstream.frontiers f
    SET seen = total, doubt = in_flight, doubt_below = CASE WHEN f.seen = total THEN coalesce(f.doubt_below, number) ELSE number END
    WHERE f.pgs_id = id;
  END IF;
  -- The bound is missed; the next try comes when it would be due again.
  UPDATE pgstream.frontiers f
  SET last_refresh_at = clock_timestamp(), skips = CASE WHEN is_said THEN f.skips ELSE 0 END, retry_at = NULL, waiting_for = NULL,
    failed_version = CASE WHEN is_of_data THEN version END
  WHERE f.pgs_id = id;
  -- Whoever listens may be anybody.
  PERFORM pgstream._alert('refresh_failed', id, jsonb_build_object('error', kind, 'sqlstate', state, 'consecutive_errors', failures));
  IF is_suspended THEN
    PERFORM pgstream._alert('auto_suspended', id, jsonb_build_object('error', kind, 'consecutive_errors', failures));
  END IF;
  RETURN 'FAILED';
END
$$;
