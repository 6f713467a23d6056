-- Refreshes what is due, sources before readers, each group of stream tables in a transaction of its own. Any number of
-- callers may run at once, on any number of machines: they share the work by claiming it. With `seconds` it stays for that
-- long and waits for more. `refreshed`: how many groups it has refreshed.
--
-- A procedure that commits can be neither SECURITY DEFINER nor have a SET clause, so everything in it is qualified.
CREATE OR REPLACE PROCEDURE pgstream.run_scheduler(seconds double precision DEFAULT 0, INOUT refreshed integer DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
  until CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp()
    OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => seconds);
  due integer;
  count integer;
  canceled boolean := false;
  refreshed_at pg_catalog.timestamptz := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) interval '1 second';
  words pg_catalog.text;
BEGIN
  refreshed := 0;
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
    CALL pgstream._refresh_all_due(canceled, count);
    refreshed := refreshed OPERATOR(pg_catalog.+) count;
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
    CALL pgstream._await(pg_catalog.date_part('epoch', until OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp()), due,
      pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) refreshed_at));
    EXIT WHEN pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) until;
  END LOOP;
  IF NOT canceled THEN
    CALL pgstream._tidy();
  END IF;
END
$$;
