-- The first fill, or a fill anew after the plan was rebuilt: at a snapshot taken after capture was put on the sources. Under REPEATABLE READ that snapshot is older,
-- so the fill is left to a later transaction. Indexes come after the rows.
CREATE OR REPLACE FUNCTION pgstream._fill(id bigint, initiated_by text DEFAULT 'INITIAL', why text DEFAULT 'first fill') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
  target pgstream._refresh_targets;
  frontier pgstream.frontiers;
  result pgstream.refresh_result;
  as_of timestamptz;
  duration_ms double precision;
  ddl text;
BEGIN
  IF pg_trigger_depth() > 0 THEN
    PERFORM pgstream._refuse_in_trigger();
  END IF;
  IF current_setting('transaction_isolation') <> 'read committed' THEN
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
  PERFORM pgstream._call_as_owner(id, 'empty');
  as_of := clock_timestamp();
  frontier := target.frontier;
  frontier.snapshot := pg_current_snapshot();
  target.frontier := frontier;
  -- The fill says at which snapshot it ran, unless the planner knows that there is nothing to read: then any will do.
  PERFORM set_config('pg_stream.snapshot', frontier.snapshot::text, true);
  result := pgstream._call_refresh(target, (SELECT c.relowner FROM pg_class c WHERE c.oid = target.pgs_relid), 'fill');
  duration_ms := extract(epoch FROM clock_timestamp() - as_of) * 1000;
  PERFORM pgstream._install_indexes(id);
  EXECUTE format('ANALYZE %s', target.pgs_relid::regclass);
  FOR ddl IN SELECT jsonb_array_elements_text(s.plan -> 'stateTables') FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id LOOP
    EXECUTE format('ANALYZE %s', ddl);
  END LOOP;
  -- What was learned of another plan is worth nothing.
  UPDATE pgstream.frontiers f SET full_ms = NULL, delta_ms_fixed = NULL, delta_costs = NULL WHERE f.pgs_id = id;
  PERFORM pgstream._advance(id, ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_captured),
    result.snapshot, as_of, duration_ms, 'FULL', 0, NULL, NULL);
  UPDATE pgstream.pgs_stream_tables s
  SET is_populated = true, status = CASE WHEN s.paused THEN 'SUSPENDED' ELSE 'ACTIVE' END,
    -- A mark that came meanwhile stays.
    needs_reinit = s.needs_reinit AND s.xmin <> target.version,
    reinit_reason = CASE WHEN s.xmin <> target.version THEN s.reinit_reason END
  WHERE s.pgs_id = id;
  PERFORM pgstream._record(id, CASE why WHEN 'first fill' THEN 'FULL' ELSE 'REINITIALIZE' END, 'COMPLETED', result, as_of, duration_ms, initiated_by, why);
END
$$;
