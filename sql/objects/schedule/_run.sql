-- What pgstream.run_scheduler does, with what the caller's own wait has just found due (pgstream._await): that is not looked for
-- again. `most`: of pgstream._refresh_all_due.
CREATE OR REPLACE PROCEDURE pgstream._run(
  seconds double precision, found_due pgstream.due_group[], INOUT refreshed integer, most integer DEFAULT NULL
)
LANGUAGE plpgsql
AS $$
DECLARE
  last_at pg_catalog.timestamptz := pg_catalog.clock_timestamp();
  until pg_catalog.timestamptz := last_at
    OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => seconds);
  due integer;
  work pgstream.due_group[] := found_due;
  count integer;
  canceled boolean := false;
  refreshed_at pg_catalog.timestamptz := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) interval '1 second';
  words pg_catalog.text;
BEGIN
  refreshed := 0;
  SET LOCAL exit_on_error = off;
  -- Where it could be committed, the server objects to the subtransaction that this is in; otherwise to the place.
  BEGIN
    COMMIT;
  EXCEPTION WHEN invalid_transaction_termination THEN
    GET STACKED DIAGNOSTICS words = MESSAGE_TEXT;
  END;
  IF words OPERATOR(pg_catalog.=) pgstream._words_of_termination() THEN
    RAISE EXCEPTION 'run_scheduler() cannot run inside a transaction block'
      USING ERRCODE = 'active_sql_transaction', DETAIL = 'It commits after each group of stream tables.',
        HINT = 'Call it by itself: not after BEGIN, not from a function, and with autocommit on.';
  END IF;
  CALL pgstream._commit();
  PERFORM pgstream._check_scheduler_role();
  PERFORM pgstream._release_claims();
  LOOP
    CALL pgstream._refresh_all_due(canceled, count, work, most);
    refreshed := refreshed OPERATOR(pg_catalog.+) count;
    -- What was refreshed has consumed changes, whoever has measured their buffers meanwhile.
    IF count OPERATOR(pg_catalog.>) 0 THEN
      PERFORM pg_catalog.set_config('pg_stream.nothing_to_clean', '', false);
    END IF;
    -- The clock was set back.
    until := until OPERATOR(pg_catalog.-) greatest(interval '0', last_at OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp());
    last_at := pg_catalog.clock_timestamp();
    -- By a person, or by a timeout that is over for the whole call: it is recorded, the rest is for the next call.
    EXIT WHEN canceled OR pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) until;
    CALL pgstream._tidy();
    -- All that is due is in others' hands.
    IF count OPERATOR(pg_catalog.>) 0 THEN
      refreshed_at := pg_catalog.clock_timestamp();
    ELSE
      PERFORM pg_catalog.pg_sleep(0.02);
      CALL pgstream._commit();
    END IF;
    CALL pgstream._await(pg_catalog.date_part('epoch', until OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp()), due, work,
      pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) refreshed_at));
    EXIT WHEN pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) until;
  END LOOP;
  IF NOT canceled THEN
    CALL pgstream._tidy();
  END IF;
END
$$;
