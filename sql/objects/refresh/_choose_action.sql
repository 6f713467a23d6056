-- requires: refresh/_refresh_targets
-- How to bring a stream table up to date, from what is pending: the generated function to call, and why.
-- Sources are in ascending order of oid, as in the plan.
CREATE OR REPLACE FUNCTION pgstream._choose_action(
  target pgstream._refresh_targets, sources oid[], pending bigint[],
  OUT action text, OUT variant text, OUT changed_rows bigint, OUT reason text, OUT changes bigint[], OUT costs double precision[],
  OUT kind text
)
LANGUAGE plpgsql
AS $$
DECLARE
  few CONSTANT bigint := 1000;
  frontier pgstream.frontiers;
  delta_ms double precision;
  estimate record;
BEGIN
  IF pending[cardinality(pending)] > 0 THEN
    action := 'REINITIALIZE';
    variant := 'full';
    reason := pgstream._truncation_reason(target.pgs_id, target.frontier);
    RETURN;
  END IF;
  changed_rows := 0;
  FOR i IN 1..cardinality(sources) LOOP
    IF pending[i] <> 0 THEN
      variant := CASE WHEN changed_rows = 0 THEN 'from_' || sources[i] ELSE 'from_all' END;
      changed_rows := changed_rows + abs(pending[i]);
    END IF;
  END LOOP;
  action := 'DIFFERENTIAL';
  -- Only time has passed.
  variant := coalesce(variant, 'from_time');
  IF changed_rows <= least(few, target.cached_limit) THEN
    IF target.refresh_mode = 'AUTO' THEN
      kind := format('%s/%s', variant, length(changed_rows::text));
      frontier := target.frontier;
      delta_ms := frontier.small_ms ->> kind;
      -- A plan for few rows made for nothing costs more than is won by small differences.
      IF delta_ms > frontier.full_ms * 1.15 AND delta_ms > frontier.full_ms + 10 THEN
        action := 'FULL';
        variant := 'full';
        reason := format('%s changed rows: differential took %s ms before, full %s ms', changed_rows,
          round(delta_ms::numeric, 1), round(frontier.full_ms::numeric, 1));
      END IF;
    END IF;
    RETURN;
  END IF;
  IF changed_rows > target.cached_limit THEN
    variant := variant || '_bulk';
  END IF;
  -- There is nothing to decide; what it costs is learned when it was much (pgstream._refresh).
  IF target.refresh_mode <> 'AUTO' THEN
    RETURN;
  END IF;
  frontier := target.frontier;
  estimate := pgstream._delta_estimate(sources, pending, frontier);
  changes := estimate.changes;
  costs := estimate.costs;
  changed_rows := 0;
  FOR i IN 1..cardinality(changes) LOOP
    changed_rows := changed_rows + changes[i];
  END LOOP;
  IF frontier.full_ms IS NULL THEN
    RETURN;
  END IF;
  delta_ms := coalesce(frontier.delta_ms_fixed, 0) + pgstream._delta_ms(changes, costs);
  -- What was never measured is tried where it may well be less than the first fill: not where it has to make all state anew.
  IF delta_ms > frontier.full_ms * (CASE WHEN frontier.full_is_measured OR pgstream._is_mostly_state(target.pgs_id) THEN 1 ELSE 0.6 END) THEN
    action := 'FULL';
    variant := 'full';
    reason := format('%s changed rows: differential estimated at %s ms, full at %s ms%s', changed_rows,
      round(delta_ms::numeric, 1), round(frontier.full_ms::numeric, 1),
      CASE WHEN NOT frontier.full_is_measured THEN ', as the first fill was' END);
  END IF;
END
$$;
