-- Brings one stream table up to date in the caller's transaction and says what it did.
--
-- First a look without any lock: when nothing is pending, the content is exact for this statement's snapshot and nothing
-- is written. Otherwise the frontier row is locked, and everything after it runs in later statements: under READ
-- COMMITTED their snapshots include whatever the previous holder of the lock committed; under REPEATABLE READ a lost race
-- ends in 40001. The delta, the tables and the frontier's new snapshot are read by one statement.
--
-- `is_checked`: the group that is refreshed together has looked for DDL that nobody told of, and has made sure that a
-- REPEATABLE READ snapshot is none too old.
--
-- This and what it calls for a small delta has no search_path of its own (each would cost 2 µs): it runs under the one that
-- a stream table's gate and the scheduler pin, and has no rights but its caller's.
CREATE OR REPLACE FUNCTION pgstream._refresh(id bigint, initiated_by text DEFAULT 'MANUAL', is_checked boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  target pgstream._refresh_targets;
  rights pgstream._refresh_rights;
  marked pgstream._refresh_targets;
  frontier pgstream.frontiers;
  pending bigint[];
  chosen record;
  result pgstream.refresh_result;
  -- The last statement that was captured before the refresh statement: see pgstream._advance.
  captured bigint;
  repeatable CONSTANT boolean := current_setting('transaction_isolation') IN ('repeatable read', 'serializable');
  started timestamptz := clock_timestamp();
  -- The snapshot of a REPEATABLE READ transaction is younger than its beginning; than nothing else that is known.
  as_of timestamptz := CASE WHEN repeatable THEN transaction_timestamp() ELSE started END;
  duration_ms double precision;
  -- Read before the content: what changes in between is compared once more.
  content_state text;
BEGIN
  IF pg_trigger_depth() > 0 THEN
    PERFORM pgstream._refuse_in_trigger();
  END IF;
  SELECT * INTO target FROM pgstream._refresh_targets t WHERE t.pgs_id = id;
  IF target.owner IS NULL THEN
    RAISE EXCEPTION 'stream table % does not exist', id USING ERRCODE = 'undefined_table';
  END IF;
  IF target.broken_reason IS NOT NULL THEN
    RAISE EXCEPTION 'stream table "%" cannot be refreshed: %', target.pgs_name, target.broken_reason
      USING ERRCODE = 'object_not_in_prerequisite_state',
        HINT = format('Put back what is missing and call pgstream.resume_stream_table(%L), or give it another query with pgstream.alter_stream_table.', target.pgs_name);
  END IF;
  IF NOT target.is_populated THEN
    IF NOT is_checked THEN
      PERFORM pgstream._recheck_unwatched(id);
      IF EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id AND s.broken_reason IS NOT NULL) THEN
        RETURN pgstream._refresh(id, initiated_by, is_checked);
      END IF;
    END IF;
    PERFORM pgstream._fill(id, CASE initiated_by WHEN 'MANUAL' THEN 'INITIAL' ELSE initiated_by END);
    RETURN 'FULL';
  END IF;
  frontier := target.frontier;
  IF NOT is_checked AND (NOT target.is_watched OR (target.looked_at BETWEEN as_of - interval '1 second' AND clock_timestamp()) IS NOT TRUE) THEN
    PERFORM pgstream._recheck_unwatched(id);
    SELECT * INTO target FROM pgstream._refresh_targets t WHERE t.pgs_id = id;
    IF target.broken_reason IS NOT NULL THEN
      RETURN pgstream._refresh(id, initiated_by, is_checked);
    END IF;
  END IF;

  IF repeatable AND NOT is_checked THEN
    PERFORM pgstream._refuse_stale_snapshot(ARRAY[id]);
  END IF;
  IF target.is_copy THEN
    content_state := pgstream._source_state(id);
  END IF;
  IF target.is_of_this_cluster AND NOT target.needs_reinit AND NOT target.needs_replan AND (target.strategy = 'DIFFERENTIAL' OR target.is_copy) THEN
    IF NOT target.is_copy THEN
      pending := pgstream._pending(target);
    END IF;
    frontier := target.frontier;
    IF 0 = ALL (pending) AND (frontier.moment <> now()) IS NOT TRUE OR content_state = frontier.source_state THEN
      -- Once a second is enough to say how fresh the content is, and who has refreshed it and not ended yet is not waited for.
      IF NOT repeatable AND frontier.checked_at NOT BETWEEN as_of - interval '1 second' AND clock_timestamp() THEN
        -- What it reads through other stream tables is as old as these are: their refresh tells.
        UPDATE pgstream.frontiers f
        SET checked_at = as_of,
          data_timestamp = CASE WHEN EXISTS (SELECT FROM pgstream.pgs_dependencies d
            JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = d.source_relid WHERE d.pgs_id = id) THEN f.data_timestamp ELSE as_of END
        WHERE f.ctid = (SELECT o.ctid FROM pgstream.frontiers o
          WHERE o.pgs_id = id AND o.snapshot::text = frontier.snapshot::text FOR UPDATE SKIP LOCKED);
      END IF;
      RETURN 'NO_DATA';
    END IF;
  END IF;

  PERFORM FROM pgstream.frontiers f WHERE f.pgs_id = id FOR UPDATE;
  SELECT * INTO rights FROM pgstream._refresh_rights r WHERE r.pgs_id = id;
  -- Whoever held the lock may have altered, filled, refreshed or dropped it, and DDL may have marked it meanwhile. If not,
  -- what was pending then still is, and more can only be caught by the statement's own guard.
  IF rights.version IS DISTINCT FROM target.version OR rights.frontier_version IS DISTINCT FROM target.frontier_version THEN
    pending := NULL;
    SELECT * INTO target FROM pgstream._refresh_targets t WHERE t.pgs_id = id;
    IF target.pgs_id IS NULL OR target.broken_reason IS NOT NULL OR NOT target.is_populated THEN
      RETURN pgstream._refresh(id, initiated_by, is_checked);
    END IF;
  END IF;
  target.needs_replan := target.needs_replan OR rights.hidden_source IS NOT NULL;
  IF target.is_of_this_cluster IS NOT TRUE THEN
    target.needs_reinit := true;
    target.reinit_reason := 'the frontier is of another database cluster';
  END IF;
  IF target.needs_replan OR target.needs_reinit THEN
    IF pgstream._replan(id, initiated_by) THEN
      -- Unless it is filled already.
      PERFORM pgstream._fill(id, initiated_by, coalesce(target.reinit_reason, 'the plan has other tables'));
      RETURN 'REINITIALIZE';
    END IF;
    pending := NULL;
    marked := target;
    SELECT * INTO target FROM pgstream._refresh_targets t WHERE t.pgs_id = id;
    SELECT * INTO rights FROM pgstream._refresh_rights r WHERE r.pgs_id = id;
    target.needs_reinit := target.needs_reinit OR marked.needs_reinit;
    target.reinit_reason := coalesce(marked.reinit_reason, target.reinit_reason);
  END IF;
  started := clock_timestamp();
  as_of := CASE WHEN repeatable THEN as_of ELSE started END;
  IF target.needs_reinit THEN
    SELECT 'REINITIALIZE' AS action, 'full' AS variant, 0::bigint AS changed_rows, target.reinit_reason AS reason,
      NULL::bigint[] AS changes, NULL::double precision[] AS costs, NULL AS kind INTO chosen;
  ELSIF target.strategy = 'FULL' THEN
    SELECT 'FULL' AS action, 'full' AS variant, 0::bigint AS changed_rows,
      CASE WHEN target.is_copy THEN 'compared with its source' WHEN target.refresh_mode = 'FULL' THEN 'refresh mode FULL'
        ELSE (SELECT concat_ws('. ', s.plan #>> '{reasons,0,message}', nullif(s.plan #>> '{reasons,0,detail}', ''))
          FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id) END AS reason,
      NULL::bigint[] AS changes, NULL::double precision[] AS costs, NULL AS kind INTO chosen;
  ELSE
    IF pending IS NULL THEN
      pending := pgstream._pending(target);
      frontier := target.frontier;
      IF 0 = ALL (pending) AND (frontier.moment <> now()) IS NOT TRUE THEN
        RETURN 'NO_DATA';
      END IF;
    END IF;
    chosen := pgstream._choose_action(target, rights.sources, pending);
    IF rights.denied_source IS NOT NULL THEN
      PERFORM pgstream._refuse_denied_source(rights);
    END IF;
  END IF;

  PERFORM pgstream._show_progress(id, chosen.action);
  captured := pg_sequence_last_value('pgstream.change_seq');
  result := pgstream._call_refresh(target, rights.owner, chosen.variant);
  IF NOT result.applied THEN
    -- Between the look and the statement another source changed, or one was truncated.
    pending := pgstream._pending(target);
    IF pending[cardinality(pending)] > 0 OR chosen.variant = 'from_time' THEN
      chosen := pgstream._choose_action(target, rights.sources, pending);
    ELSE
      chosen.variant := CASE WHEN chosen.variant LIKE '%_bulk' THEN 'from_all_bulk' ELSE 'from_all' END;
    END IF;
    captured := pg_sequence_last_value('pgstream.change_seq');
    result := pgstream._call_refresh(target, rights.owner, chosen.variant);
    IF NOT result.applied THEN
      -- Truncated at this very moment: recomputing is right whatever happened.
      chosen.action := 'REINITIALIZE';
      chosen.reason := pgstream._truncation_reason(id, target.frontier);
      captured := pg_sequence_last_value('pgstream.change_seq');
      result := pgstream._call_refresh(target, rights.owner, 'full');
    END IF;
  END IF;
  duration_ms := extract(epoch FROM clock_timestamp() - started) * 1000;
  IF chosen.action = 'DIFFERENTIAL' AND chosen.changes IS NULL AND duration_ms > 500 AND chosen.changed_rows > 1000 THEN
    SELECT e.changes, e.costs INTO chosen.changes, chosen.costs FROM pgstream._delta_estimate(rights.sources, pending, target.frontier) AS e;
  END IF;
  PERFORM pgstream._advance(id, rights.sources, result.snapshot, captured, as_of, duration_ms, chosen.action, chosen.changed_rows, chosen.changes, chosen.costs,
    chosen.kind);
  IF target.is_copy THEN
    UPDATE pgstream.frontiers f SET source_state = content_state WHERE f.pgs_id = id;
  END IF;
  -- It may have been suspended while this waited for its turn: then it stays so.
  IF target.needs_reinit OR target.consecutive_errors > 0 OR target.status NOT IN ('ACTIVE', 'SUSPENDED') THEN
    UPDATE pgstream.pgs_stream_tables s
    SET needs_reinit = false, reinit_reason = NULL, consecutive_errors = 0, last_error = NULL,
      status = CASE WHEN s.status = 'SUSPENDED' THEN s.status ELSE 'ACTIVE' END
    WHERE s.pgs_id = id AND s.xmin = target.version;
  END IF;
  -- Time has passed, and nothing came of it.
  IF chosen.variant = 'from_time' AND result.inserted + result.updated + result.deleted = 0 THEN
    RETURN 'NO_DATA';
  END IF;
  PERFORM pgstream._record(id, chosen.action, 'COMPLETED', result, as_of, duration_ms, initiated_by, chosen.reason);
  RETURN chosen.action;
END
$$;
