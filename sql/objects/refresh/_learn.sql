-- Keeps the measured costs by which AUTO decides. A large delta teaches the cost per row of the sources that changed, in
-- proportion to what each was expected to cost; a small one teaches the fixed part; a FULL refresh teaches its own cost
-- and forgets a little of theirs, so that one slow delta does not forbid all to come.
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
    delta_ms_per_row = CASE
      WHEN costs IS NULL THEN f.delta_ms_per_row
      ELSE ARRAY(
        SELECT CASE WHEN n = 0 THEN cost
          WHEN action = 'DIFFERENTIAL' THEN cost * (0.5 + 0.5 * least(16, duration_ms / greatest(expected.ms, 0.001)))
          ELSE cost * 0.9 END
        FROM unnest(changes, costs) WITH ORDINALITY AS u(n, cost, i),
          (SELECT sum(n * cost) AS ms FROM unnest(changes, costs) AS u(n, cost)) AS expected
        ORDER BY i) END
  WHERE f.pgs_id = id
$$;
