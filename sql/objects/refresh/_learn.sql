-- Keeps the measured costs by which AUTO decides. A large delta teaches the cost per row, a small one the fixed part; a
-- FULL refresh teaches its own cost and forgets a little of the other, so that one slow delta does not forbid all to come.
CREATE OR REPLACE FUNCTION pgstream._learn(id bigint, action text, changed_rows bigint, duration_ms double precision) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE pgstream.frontiers f SET
    full_ms = CASE WHEN action IN ('FULL', 'REINITIALIZE') THEN coalesce(f.full_ms * 0.5 + duration_ms * 0.5, duration_ms) ELSE f.full_ms END,
    delta_ms_fixed = CASE WHEN action = 'DIFFERENTIAL' AND changed_rows <= 1000
      THEN coalesce(f.delta_ms_fixed * 0.8 + duration_ms * 0.2, duration_ms) ELSE f.delta_ms_fixed END,
    delta_ms_per_row = CASE
      WHEN action = 'DIFFERENTIAL' AND changed_rows > 1000
        THEN coalesce(f.delta_ms_per_row * 0.5 + duration_ms / changed_rows * 0.5, duration_ms / changed_rows)
      WHEN action IN ('FULL', 'REINITIALIZE') THEN f.delta_ms_per_row * 0.9
      ELSE f.delta_ms_per_row END
  WHERE f.pgs_id = id
$$;
