-- About how many rows of each source a large delta has to deal with, and what each costs (pgstream._delta_ms); no costs while
-- nothing was measured. What `pending` has not counted to the end (negative) is estimated; sources are in ascending order of
-- oid, as in the plan.
CREATE OR REPLACE FUNCTION pgstream._delta_estimate(
  sources oid[], pending bigint[], frontier pgstream.frontiers, OUT changes bigint[], OUT costs double precision[]
)
LANGUAGE plpgsql
AS $$
DECLARE
  estimate bigint;
  cost double precision;
  size bigint;
BEGIN
  FOR i IN 1..cardinality(sources) LOOP
    changes[i] := pending[i];
    IF pending[i] < 0 THEN
      estimate := pgstream._estimate_pending(sources[i], frontier);
      changes[i] := greatest(-pending[i], estimate);
    END IF;
  END LOOP;
  IF frontier.full_ms IS NULL THEN
    RETURN;
  END IF;
  -- Not measured yet: that every row of a source changes is taken to cost four times what computing everything costs,
  -- which counts in how many rows of the others each one meets, and less when that was done instead (pgstream._learned_costs).
  -- More than it had when it was last counted, if ever, cost no more.
  FOR i IN 1..cardinality(sources) LOOP
    cost := frontier.delta_costs[i];
    IF coalesce(cost, -4) < 0 THEN
      SELECT c.reltuples::bigint INTO size FROM pg_catalog.pg_class c WHERE c.oid = sources[i];
      cost := -coalesce(cost, -4) * frontier.full_ms / pgstream._delta_size(greatest(size, changes[i]));
    END IF;
    costs[i] := cost;
  END LOOP;
  costs := costs || coalesce(frontier.delta_costs[cardinality(sources) + 1], 1);
END
$$;
