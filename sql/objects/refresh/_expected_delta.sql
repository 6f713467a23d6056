-- About how many changes a differential refresh has to deal with, and what that should take by what was measured; for whoever
-- watches one, and while it has not moved the frontier. Does not wait for whoever is making or dropping a buffer.
CREATE OR REPLACE FUNCTION pgstream._expected_delta(id bigint, OUT pending bigint, OUT ms double precision)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '20ms'
AS $$
DECLARE
  frontier pgstream.frontiers;
  sources oid[];
  changes bigint[];
  costs double precision[];
BEGIN
  SELECT * INTO frontier FROM pgstream.frontiers f WHERE f.pgs_id = id;
  sources := ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_captured ORDER BY d.source_relid);
  changes := ARRAY(SELECT pgstream._estimate_pending(s, frontier) FROM unnest(sources) WITH ORDINALITY AS u(s, i) ORDER BY i);
  pending := (SELECT sum(n) FROM unnest(changes) AS n);
  IF pending > 1000 THEN
    costs := (pgstream._delta_estimate(sources, array_fill(0::bigint, ARRAY[cardinality(sources)]), frontier)).costs;
    ms := coalesce(frontier.delta_ms_fixed, 0) + pgstream._delta_ms(changes, costs);
    -- What was never measured is guessed, for AUTO to decide by; it would not go on above this.
    IF EXISTS (SELECT FROM unnest(changes) WITH ORDINALITY AS u(n, i) WHERE u.n > 0 AND coalesce(frontier.delta_costs[u.i], -1) < 0) THEN
      ms := least(ms, frontier.full_ms);
    END IF;
  ELSE
    ms := frontier.delta_ms_fixed;
  END IF;
EXCEPTION WHEN lock_not_available OR undefined_table THEN
  RETURN;
END
$$;
