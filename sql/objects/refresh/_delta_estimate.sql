-- About how many rows of each source a large delta has to deal with, and what each costs (pgstream._delta_ms); no costs while
-- nothing was measured. What `pending` has not counted to the end (negative) is estimated; sources are in ascending order of
-- oid, as in the plan.
CREATE OR REPLACE FUNCTION pgstream._delta_estimate(
  sources oid[], pending bigint[], frontier pgstream.frontiers, OUT changes bigint[], OUT costs double precision[]
)
LANGUAGE plpgsql
AS $$
BEGIN
  changes := ARRAY(SELECT CASE WHEN pending[i] < 0 THEN greatest(-pending[i], pgstream._estimate_pending(s, frontier)) ELSE pending[i] END
    FROM unnest(sources) WITH ORDINALITY AS u(s, i) ORDER BY i);
  IF frontier.full_ms IS NULL THEN
    RETURN;
  END IF;
  -- Not measured yet: that every row of a source changes is taken to cost four times what computing everything costs,
  -- which counts in how many rows of the others each one meets. More than it had when it was last counted, if ever, cost no more.
  costs := ARRAY(SELECT coalesce(frontier.delta_costs[i], 4 * frontier.full_ms / pgstream._delta_size(greatest(c.reltuples::bigint, changes[i])))
    FROM unnest(sources) WITH ORDINALITY AS u(s, i) LEFT JOIN pg_class c ON c.oid = s ORDER BY i)
    || coalesce(frontier.delta_costs[cardinality(sources) + 1], 1);
END
$$;
