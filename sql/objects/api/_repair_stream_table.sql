-- Behind the gate: repair_stream_table. The others of its group come to the same moment, or nothing is done at all: a reader of
-- several would see each as of another. Those that are damaged as well are repaired with it.
CREATE OR REPLACE FUNCTION pgstream._repair_stream_table(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  members bigint[];
  member bigint;
  state text;
  words text;
  details text;
  advice text;
BEGIN
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    RAISE EXCEPTION 'a stream table cannot be repaired in a % transaction', current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state', HINT = 'Repair it in a READ COMMITTED transaction.';
  END IF;
  -- Before one is moved, in the order of everybody else.
  PERFORM pgstream._lock_group(pgstream._group_of(id, pgstream._news_of_graph()));
  PERFORM pgstream._refuse_gone(id);
  PERFORM pgstream._repair_alone(id);
  BEGIN
    PERFORM pgstream._align_group(id);
    RETURN;
  EXCEPTION WHEN OTHERS THEN
    -- A lock, a lost race: it says nothing of the others.
    IF pgstream._passes_by_itself(SQLSTATE, SQLERRM) THEN
      RAISE;
    END IF;
  END;
  members := pgstream._group_of(id, pgstream._news_of_graph());
  FOREACH member IN ARRAY members LOOP
    CONTINUE WHEN member = id OR NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s
      WHERE s.pgs_id = member AND s.status <> 'SUSPENDED' AND s.broken_reason IS NULL);
    BEGIN
      PERFORM pgstream._repair_alone(member);
    EXCEPTION WHEN OTHERS THEN
      IF pgstream._passes_by_itself(SQLSTATE, SQLERRM) THEN
        RAISE;
      END IF;
      GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, words = MESSAGE_TEXT, details = PG_EXCEPTION_DETAIL, advice = PG_EXCEPTION_HINT;
      RAISE EXCEPTION USING ERRCODE = state, MESSAGE = words,
        DETAIL = concat_ws(E'\n', nullif(details, ''), (
          SELECT format('In stream table %I.%I, which is kept at one moment with the one to be repaired.', s.pgs_schema, s.pgs_name)
          FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = member)),
        HINT = coalesce(nullif(advice, ''), 'Nothing was repaired. Suspend that one by alter_stream_table(name, status => ''SUSPENDED''), and the others go on without it.');
    END;
  END LOOP;
  PERFORM pgstream._align_group(id);
END
$$;
