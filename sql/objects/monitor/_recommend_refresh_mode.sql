-- See pgstream.recommend_refresh_mode. `refusal` is of pgstream._why_recomputed, for mode FULL. What the last 50
-- refreshes chose counts, and what they cost: the frontier keeps averages of the two ways.
CREATE OR REPLACE FUNCTION pgstream._recommend_refresh_mode(id bigint, refusal text)
RETURNS TABLE (stream_table text, current_mode text, effective_mode text, recommended_mode text, confidence text, reason text, signals jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  target record;
  recent record;
  incremental boolean;
BEGIN
  SELECT format('%I.%I', s.pgs_schema, s.pgs_name) AS label, s.refresh_mode, s.strategy, f.full_ms, f.delta_ms_fixed,
    s.plan #>> '{reasons,0,message}' AS obstacle INTO target
  FROM pgstream.pgs_stream_tables s LEFT JOIN pgstream.frontiers f USING (pgs_id) WHERE s.pgs_id = id;
  SELECT count(*) AS total, count(*) FILTER (WHERE h.action = 'FULL') AS full_ones, count(*) FILTER (WHERE h.action = 'DIFFERENTIAL') AS deltas,
    avg(h.duration_ms) FILTER (WHERE h.action = 'DIFFERENTIAL') AS delta_ms, avg(h.duration_ms) FILTER (WHERE h.action <> 'DIFFERENTIAL') AS full_ms
  INTO recent
  FROM (SELECT r.action, r.duration_ms FROM pgstream.pgs_refresh_history r
    WHERE r.pgs_id = id AND r.status = 'COMPLETED' ORDER BY r.refresh_id DESC LIMIT 50) AS h;
  stream_table := target.label;
  current_mode := target.refresh_mode;
  effective_mode := target.strategy;
  incremental := target.strategy = 'DIFFERENTIAL' OR target.refresh_mode = 'FULL' AND refusal = '';
  signals := jsonb_build_object('incremental', incremental, 'refreshes', recent.total, 'full_refreshes', recent.full_ones,
    'differential_refreshes', recent.deltas, 'full_ms', round(coalesce(target.full_ms, recent.full_ms)::numeric, 2),
    'differential_ms', round(recent.delta_ms::numeric, 2), 'small_differential_ms', round(target.delta_ms_fixed::numeric, 2));
  recommended_mode := 'AUTO';
  confidence := CASE WHEN recent.deltas >= 20 THEN 'high' WHEN recent.deltas >= 5 THEN 'medium' ELSE 'low' END;
  IF incremental IS NULL THEN
    confidence := 'low';
    reason := 'AUTO maintains the query incrementally if it can; whether it can, its owner is told.';
  ELSIF NOT incremental THEN
    recommended_mode := CASE target.refresh_mode WHEN 'FULL' THEN 'FULL' ELSE 'AUTO' END;
    confidence := 'high';
    reason := format('The query is recomputed at each refresh: %s. AUTO and FULL do the same here.', coalesce(target.obstacle, rtrim(refusal, '.')));
  ELSIF target.refresh_mode = 'FULL' THEN
    reason := 'The query can be maintained incrementally. AUTO does that, and recomputes when that is cheaper; it captures the changes of the sources, which slows their writers a little.';
  ELSIF recent.total >= 20 AND recent.full_ones >= 0.9 * recent.total THEN
    recommended_mode := 'FULL';
    confidence := CASE WHEN recent.total >= 50 THEN 'high' ELSE 'medium' END;
    reason := format('%s of the last %s refreshes were cheaper as recomputation; in mode FULL the writers of the sources are spared the capture of changes.', recent.full_ones, recent.total);
  ELSIF target.refresh_mode = 'DIFFERENTIAL' AND recent.deltas >= 5 AND recent.delta_ms > 1.5 * coalesce(target.full_ms, recent.full_ms) THEN
    reason := format('A differential refresh takes %s ms on average, recomputing %s ms. AUTO chooses the cheaper of the two each time.',
      round(recent.delta_ms::numeric, 1), round(coalesce(target.full_ms, recent.full_ms)::numeric, 1));
  ELSE
    recommended_mode := target.refresh_mode;
    reason := CASE WHEN recent.deltas = 0 THEN 'Nothing has been refreshed differentially yet; nothing speaks against the present mode.'
      ELSE format('A differential refresh takes %s ms on average, recomputing %s ms.', round(recent.delta_ms::numeric, 1),
        coalesce(round(coalesce(target.full_ms, recent.full_ms)::numeric, 1)::text, 'an unknown number of')) END;
  END IF;
  RETURN NEXT;
END
$$;
