-- The costs of a large delta as they are known after a refresh (pgstream._delta_ms). It teaches the cost of the source that
-- changed; of several sources that changed, the factor that they have in common, because which of them was dear cannot be
-- told. What was dearer than expected is believed at once, what was cheaper by half. A FULL refresh forgets a little, so
-- that one slow delta does not forbid all to come.
CREATE OR REPLACE FUNCTION pgstream._learned_costs(
  action text, changes bigint[], costs double precision[], duration_ms double precision
) RETURNS double precision[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY(
    SELECT CASE
      WHEN NOT CASE WHEN several THEN i = cardinality(costs) ELSE changes[i] > 0 END THEN cost
      WHEN action = 'DIFFERENTIAL' THEN cost * CASE WHEN ratio > 1 THEN ratio ELSE 0.5 + 0.5 * ratio END
      ELSE cost * 0.9 END
    FROM unnest(costs) WITH ORDINALITY AS u(cost, i),
      (SELECT (SELECT count(*) > 1 FROM unnest(changes) AS n WHERE n > 0) AS several,
        least(16, duration_ms / greatest(pgstream._delta_ms(changes, costs), 0.001)) AS ratio) AS seen
    ORDER BY i)
$$;
