-- After a fill: indexes, statistics, frontier, status, history. `version`: of the catalog row when the fill began; `captured`:
-- see pgstream._advance; `below`: pgstream._time_below, of before the fill.
CREATE OR REPLACE FUNCTION pgstream._settle(
  id bigint, result pgstream.refresh_result, captured bigint, as_of timestamptz, below timestamptz, initiated_by text, why text,
  version xid
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
  target record;
  duration_ms double precision := extract(epoch FROM clock_timestamp() - as_of) * 1000;
  state_table text;
BEGIN
  SELECT s.pgs_relid, s.plan INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  PERFORM pgstream._install_indexes(id);
  IF why <> 'first fill' THEN
    PERFORM pgstream._reindex_rows(target.pgs_relid, target.plan);
  END IF;
  EXECUTE format('ANALYZE %s', target.pgs_relid::regclass);
  FOR state_table IN SELECT jsonb_array_elements_text(target.plan -> 'stateTables') LOOP
    EXECUTE format('ANALYZE %s', state_table);
  END LOOP;
  -- What was learned of another plan is worth nothing, and its sources may be counted from the beginning again.
  UPDATE pgstream.frontiers f SET full_ms = NULL, full_is_measured = false, delta_ms_fixed = NULL, delta_costs = NULL, small_ms = NULL, seen = NULL, source_state = NULL,
    moment = CASE WHEN target.plan ? 'dependsOnTime' THEN now() END
  WHERE f.pgs_id = id;
  PERFORM pgstream._advance(id, ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_captured),
    result.snapshot, captured, as_of, duration_ms, 'FULL', 0, NULL, NULL, NULL);
  UPDATE pgstream.frontiers f SET data_timestamp = nullif(least(as_of, below), '-infinity') WHERE f.pgs_id = id AND below IS NOT NULL;
  -- Who has suspended it meanwhile has done so for what comes after.
  UPDATE pgstream.pgs_stream_tables s
  SET is_populated = true, status = CASE WHEN s.paused OR s.status = 'SUSPENDED' THEN 'SUSPENDED' ELSE 'ACTIVE' END,
    consecutive_errors = 0, last_error = NULL,
    -- A mark that came meanwhile stays.
    needs_reinit = s.needs_reinit AND s.xmin <> version,
    reinit_reason = CASE WHEN s.xmin <> version THEN s.reinit_reason END
  WHERE s.pgs_id = id;
  PERFORM pgstream._record(id, CASE why WHEN 'first fill' THEN 'FULL' ELSE 'REINITIALIZE' END, 'COMPLETED', result, as_of, duration_ms, initiated_by, why);
END
$$;
