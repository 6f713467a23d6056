-- Brings a group of stream tables (sources first) to one moment in the caller's transaction, all of it or nothing, and
-- says what was done to each, and of what moment they are. With `is_caught` an error is given back instead of raised,
-- with the member that failed: by then everything is rolled back, and under REPEATABLE READ only a later transaction
-- may be able to record it.
--
-- Under REPEATABLE READ every statement reads at one snapshot, so one pass does it. Under READ COMMITTED each reads at its
-- own, later one: the pass is made again until nothing moved in a whole pass, for then nothing has moved between the
-- first and the last of them. Where changes come faster than that, or cannot be told (FULL), the ordinary tables below are
-- locked against writers for one last pass, if the owner of the stream table that was `asked` for might hold them off
-- (pgstream._lock_writers). What is suspended or broken stays as it is.
--
-- Who refreshes several groups must not wait for writers with those of another held off: unless `may_hold_off` the
-- caller is told to do that for all of them.
--
-- With `since` nothing is done when the one that was asked for is found no older with the group in our hands (pgstream._leave_fresh).
CREATE OR REPLACE FUNCTION pgstream._refresh_together(
  members bigint[], initiated_by text, is_caught boolean, asked bigint DEFAULT NULL, since timestamptz DEFAULT NULL, may_hold_off boolean DEFAULT true,
  OUT actions text[], OUT as_of timestamptz, OUT failing bigint, OUT message text, OUT state text, OUT is_raised boolean
)
LANGUAGE plpgsql
SET exit_on_error = off
AS $$
DECLARE
  repeatable CONSTANT boolean := current_setting('transaction_isolation') IN ('repeatable read', 'serializable');
  last_pass CONSTANT integer := 4;
  pass integer := CASE WHEN NOT repeatable AND EXISTS (
    SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = ANY (members) AND s.strategy = 'FULL') THEN last_pass ELSE 1 END;
  taken bigint[];
  moved boolean;
  done text;
  context text;
BEGIN
  actions := array_fill('SKIP'::text, ARRAY[cardinality(members)]);
  failing := members[1];
  BEGIN
    LOOP
      BEGIN
        -- Before the first moves: a later pass, or the date of the group, would otherwise come back to one that somebody else
        -- holds who waits for us.
        IF pass < last_pass THEN
          PERFORM pgstream._lock_group(members);
        ELSIF NOT may_hold_off THEN
          RAISE EXCEPTION USING ERRCODE = 'PGS07', MESSAGE = 'the writers of several groups have to be held off';
        ELSE
          PERFORM pgstream._lock_writers(members, asked, initiated_by = 'INITIAL');
        END IF;
        IF since IS NOT NULL THEN
          PERFORM pgstream._leave_fresh(asked, since);
        END IF;
        -- Who suspends one from now on does so for what comes after: it moves with the others.
        taken := ARRAY(SELECT s.pgs_id FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = ANY (members) AND s.status <> 'SUSPENDED');
        IF initiated_by = 'SCHEDULER' AND NOT pgstream._is_whole(members) THEN
          RAISE EXCEPTION USING ERRCODE = 'PGS02', MESSAGE = 'other stream tables are refreshed together by now';
        END IF;
        IF repeatable THEN
          PERFORM pgstream._refuse_stale_snapshot(members);
        END IF;
        LOOP
          -- Under REPEATABLE READ the snapshot may be older than the locks.
          as_of := CASE WHEN repeatable THEN transaction_timestamp() ELSE clock_timestamp() END;
          moved := false;
          PERFORM pgstream._recheck_group(members, as_of);
          FOR i IN 1..cardinality(members) LOOP
            failing := members[i];
            -- Or somebody has dropped it.
            CONTINUE WHEN members[i] <> ALL (taken) OR NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
              WHERE s.pgs_id = members[i] AND s.broken_reason IS NULL);
            done := pgstream._refresh_or_recompute(members[i], initiated_by, true);
            moved := moved OR done <> 'NO_DATA';
            IF done <> 'NO_DATA' OR actions[i] = 'SKIP' THEN
              actions[i] := done;
            END IF;
            IF done <> 'NO_DATA' AND cardinality(members) > 1 THEN
              PERFORM pgstream._end_progress(members[i]);
            END IF;
          END LOOP;
          EXIT WHEN repeatable OR NOT moved OR pass = last_pass;
          pass := pass + 1;
          -- The way to the last pass may be long: nobody is to wait for the group meanwhile.
          IF pass = last_pass THEN
            RAISE EXCEPTION USING ERRCODE = 'PGS01', MESSAGE = 'writers are faster than the refresh of a group';
          END IF;
        END LOOP;
        EXIT;
      EXCEPTION WHEN SQLSTATE 'PGS01' THEN
        actions := array_fill('SKIP'::text, ARRAY[cardinality(members)]);
      END;
    END LOOP;
    failing := NULL;
  EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    IF NOT is_caught THEN
      RAISE;
    END IF;
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE, context = PG_EXCEPTION_CONTEXT;
    is_raised := pgstream._is_raised(context);
    actions := NULL;
  END;
END
$$;
