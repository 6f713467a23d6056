-- How to bring a stream table up to date, from what is pending: the generated function to call, and why.
-- Sources are in ascending order of oid, as in the plan.
CREATE OR REPLACE FUNCTION pgstream._choose_action(
  id bigint, refresh_mode text, frontier pgstream.frontiers, pending bigint[],
  OUT action text, OUT variant text, OUT changed_rows bigint, OUT reason text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  cached_limit CONSTANT bigint := 1000;
  sources oid[];
  changed oid[];
  source_rows double precision;
  delta_ms double precision;
BEGIN
  IF pending[cardinality(pending)] > 0 THEN
    action := 'REINITIALIZE';
    variant := 'full';
    reason := 'a source table was truncated';
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
  changed_rows := greatest(changed_rows, (SELECT sum(pgstream._estimate_pending(s, frontier)) FROM unnest(changed) AS s));
  variant := variant || '_bulk';
  IF refresh_mode <> 'AUTO' OR frontier.full_ms IS NULL THEN
    RETURN;
  END IF;
  IF frontier.delta_ms_per_row IS NULL THEN
    -- Not measured yet: a changed row is taken to cost what computing four rows costs.
    source_rows := (SELECT sum(greatest(c.reltuples, 1)) FROM pg_class c WHERE c.oid = ANY (sources));
    delta_ms := changed_rows * 4 * frontier.full_ms / source_rows;
  ELSE
    delta_ms := coalesce(frontier.delta_ms_fixed, 0) + changed_rows * frontier.delta_ms_per_row;
  END IF;
  IF delta_ms > frontier.full_ms THEN
    action := 'FULL';
    variant := 'full';
    reason := format('%s changed rows: differential estimated at %s ms, full at %s ms', changed_rows,
      round(delta_ms::numeric, 1), round(frontier.full_ms::numeric, 1));
  END IF;
END
$$;
