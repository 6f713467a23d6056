-- Keeps the measured costs by which AUTO decides. A large delta teaches the cost of the source that changed; of several
-- sources that changed, the factor that they have in common, because which of them was dear cannot be told. What was
-- dearer than expected is believed at once, what was cheaper by half. A small delta teaches the fixed part; a FULL refresh
-- teaches its own cost and forgets a little of theirs, so that one slow delta does not forbid all to come.
CREATE OR REPLACE FUNCTION pgstream._learn(
  id bigint, action text, changed_rows bigint, changes bigint[], costs double precision[], duration_ms double precision
) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE pgstream.frontiers f SET
    full_ms = CASE WHEN action IN ('FULL', 'REINITIALIZE') THEN coalesce(f.full_ms * 0.5 + duration_ms * 0.5, duration_ms) ELSE f.full_ms END,
    delta_ms_fixed = CASE WHEN action = 'DIFFERENTIAL' AND changed_rows <= 1000
      THEN coalesce(f.delta_ms_fixed * 0.8 + duration_ms * 0.2, duration_ms) ELSE f.delta_ms_fixed END,
    delta_costs = CASE
      WHEN costs IS NULL THEN f.delta_costs
      ELSE ARRAY(
        SELECT CASE
          WHEN NOT CASE WHEN several THEN i = cardinality(costs) ELSE changes[i] > 0 END THEN cost
          WHEN action = 'DIFFERENTIAL' THEN cost * CASE WHEN ratio > 1 THEN ratio ELSE 0.5 + 0.5 * ratio END
          ELSE cost * 0.9 END
        FROM unnest(costs) WITH ORDINALITY AS u(cost, i),
          (SELECT (SELECT count(*) > 1 FROM unnest(changes) AS n WHERE n > 0) AS several,
            least(16, duration_ms / greatest(pgstream._delta_ms(changes, costs), 0.001)) AS ratio) AS seen
        ORDER BY i) END
  WHERE f.pgs_id = id
$$;
