-- The costs of a large delta (pgstream.frontiers.delta_costs) as they are known after a refresh, from `known` and what they
-- were taken to be (`costs`: pgstream._delta_estimate). A delta teaches the cost of the source that changed; of several sources
-- that changed, the factor that they have in common, because which of them was dear cannot be told. What was a guess, or more
-- than twice as dear as expected, is believed at once, everything else by half.
--
-- A FULL refresh forgets a little, so that one slow delta does not forbid all to come: so little that, where a delta really
-- takes longer, trying it again and again costs a few hundredths (half as long again is tried once in sixteen times). A guess
-- is forgotten sooner, for nobody knows.
CREATE OR REPLACE FUNCTION pgstream._learned_costs(
  action text, changes bigint[], known double precision[], costs double precision[], duration_ms double precision
) RETURNS double precision[]
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  several CONSTANT int := cardinality(costs);
  is_delta CONSTANT boolean := action = 'DIFFERENTIAL';
  ratio CONSTANT double precision := least(16, duration_ms / greatest(pgstream._delta_ms(changes, costs), 0.001));
  factor CONSTANT double precision := CASE WHEN NOT is_delta THEN 0.975 WHEN ratio > 2 THEN ratio ELSE 0.5 + 0.5 * ratio END;
  changed int := 0;
  guessed int := 0;
BEGIN
  FOR i IN 1..cardinality(changes) LOOP
    changed := changed + (changes[i] > 0)::int;
  END LOOP;
  FOR i IN 1..cardinality(changes) LOOP
    IF coalesce(known[i], -4) < 0 THEN
      -- Not known of who did not change.
      guessed := guessed + (changes[i] > 0)::int;
      costs[i] := CASE
        WHEN changes[i] = 0 THEN known[i]
        WHEN NOT is_delta THEN coalesce(known[i], -4) * 0.8
        WHEN changed = 1 THEN costs[i] * ratio
        ELSE costs[i] END;
    ELSIF changed = 1 AND changes[i] > 0 THEN
      costs[i] := costs[i] * factor;
    END IF;
  END LOOP;
  IF changed > 1 AND (is_delta OR guessed = 0) THEN
    costs[several] := costs[several] * factor;
  END IF;
  RETURN costs;
END
$$;
