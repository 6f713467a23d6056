-- How to bring a stream table up to date, from what is pending: the generated function to call, and why.
-- Sources are in ascending order of oid, as in the plan.
CREATE OR REPLACE FUNCTION pgstream._choose_action(
  id bigint, refresh_mode text, frontier pgstream.frontiers, pending bigint[],
  OUT action text, OUT variant text, OUT changed_rows bigint, OUT reason text, OUT changes bigint[], OUT costs double precision[]
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  cached_limit CONSTANT bigint := 1000;
  sources oid[];
  changed oid[];
  delta_ms double precision;
BEGIN
  IF pending[cardinality(pending)] > 0 THEN
    action := 'REINITIALIZE';
    variant := 'full';
    reason := pgstream._truncation_reason(id, frontier);
    RETURN;
  END IF;
  sources := ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_captured ORDER BY d.source_relid);
  changed := ARRAY(SELECT s FROM unnest(sources) WITH ORDINALITY AS u(s, i) WHERE pending[i] > 0);
  changed_rows := (SELECT sum(n) FROM unnest(pending) AS n);
  action := 'DIFFERENTIAL';
  variant := CASE WHEN cardinality(changed) = 1 THEN format('from_%s', changed[1]) ELSE 'from_all' END;
  IF changed_rows <= cached_limit THEN
    RETURN;
  END IF;
  variant := variant || '_bulk';
  changes := ARRAY(SELECT CASE WHEN pending[i] > cached_limit THEN greatest(pending[i], pgstream._estimate_pending(s, frontier)) ELSE pending[i] END
    FROM unnest(sources) WITH ORDINALITY AS u(s, i) ORDER BY i);
  changed_rows := (SELECT sum(n) FROM unnest(changes) AS n);
  IF frontier.full_ms IS NULL THEN
    RETURN;
  END IF;
  -- Not measured yet: that every row of a source changes is taken to cost four times what computing everything costs,
  -- which counts in how many rows of the others each one meets.
  costs := ARRAY(SELECT coalesce(frontier.delta_costs[i], 4 * frontier.full_ms / pgstream._delta_size(c.reltuples::bigint))
    FROM unnest(sources) WITH ORDINALITY AS u(s, i) LEFT JOIN pg_class c ON c.oid = s ORDER BY i)
    || coalesce(frontier.delta_costs[cardinality(sources) + 1], 1);
  IF refresh_mode <> 'AUTO' THEN
    RETURN;
  END IF;
  delta_ms := coalesce(frontier.delta_ms_fixed, 0) + pgstream._delta_ms(changes, costs);
  IF delta_ms > frontier.full_ms THEN
    action := 'FULL';
    variant := 'full';
    reason := format('%s changed rows: differential estimated at %s ms, full at %s ms', changed_rows,
      round(delta_ms::numeric, 1), round(frontier.full_ms::numeric, 1));
  END IF;
END
$$;
