-- requires: refresh/_refresh_rights
-- The first fill, or a fill anew after the plan was rebuilt: at a snapshot taken after capture was put on the sources.
-- Under REPEATABLE READ that snapshot is older, so the fill is left to a later transaction. Indexes come after the
-- rows.
CREATE OR REPLACE FUNCTION pgstream._fill(id bigint, initiated_by text DEFAULT 'INITIAL', why text DEFAULT 'first fill') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET client_min_messages = warning
AS $$
DECLARE
  target pgstream._refresh_targets;
  marks record;
  result pgstream.refresh_result;
  as_of timestamptz;
  below timestamptz;
  captured bigint;
BEGIN
  IF pg_trigger_depth() > 0 THEN
    PERFORM pgstream._refuse_in_trigger();
  END IF;
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    RAISE EXCEPTION 'a stream table cannot be filled in a % transaction', current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state',
        DETAIL = 'Its snapshot may be older than the capture of changes.',
        HINT = 'Refresh the stream table in a READ COMMITTED transaction.';
  END IF;
  PERFORM FROM pgstream.frontiers f WHERE f.pgs_id = id FOR UPDATE;
  SELECT * INTO target FROM pgstream._refresh_targets t WHERE t.pgs_id = id;
  IF target.is_populated THEN
    RETURN;
  END IF;
  SELECT s.needs_redefine, s.needs_replan OR r.hidden_source IS NOT NULL AS needs_replan INTO marks
  FROM pgstream.pgs_stream_tables s LEFT JOIN pgstream._refresh_rights r USING (pgs_id) WHERE s.pgs_id = id;
  IF marks.needs_redefine THEN
    PERFORM pgstream._redefine_again(id, initiated_by);
  ELSIF marks.needs_replan THEN
    PERFORM pgstream._replan(id, initiated_by);
  END IF;
  IF marks.needs_redefine OR marks.needs_replan THEN
    SELECT * INTO target FROM pgstream._refresh_targets t WHERE t.pgs_id = id;
  END IF;
  PERFORM pgstream._show_progress(id, CASE why WHEN 'first fill' THEN 'FULL' ELSE 'REINITIALIZE' END);
  PERFORM pgstream._ensure_own_identities(id);
  PERFORM pgstream._call_as_owner(id, 'empty');
  below := pgstream._time_below(ARRAY[id]);
  as_of := clock_timestamp();
  captured := pg_sequence_last_value('pgstream.change_seq');
  BEGIN
    result := pgstream._call_fill(id, 'fill');
    PERFORM pgstream._settle(id, result, captured, as_of, below, initiated_by, why, target.version);
  EXCEPTION WHEN program_limit_exceeded THEN
    IF NOT pgstream._allow_long_values(id) THEN
      RAISE;
    END IF;
    PERFORM pgstream._install_for_long_values(id);
    PERFORM pgstream._fill(id, initiated_by, why);
  END;
END
$$;
