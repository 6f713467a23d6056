-- The part of explain_st that changes with time.
CREATE OR REPLACE FUNCTION pgstream._explain_state(id bigint) RETURNS TABLE (property text, value text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  frontier pgstream.frontiers;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  SELECT * INTO frontier FROM pgstream.frontiers f WHERE f.pgs_id = id;
  RETURN QUERY
    SELECT 'stream table', format('%I.%I', target.pgs_schema, target.pgs_name)
    UNION ALL SELECT 'status', target.status || coalesce(': ' || coalesce(target.broken_reason, target.last_error), '')
    UNION ALL SELECT 'group', held FROM pgstream._held_by(id) AS held WHERE held IS NOT NULL
    UNION ALL SELECT 'refresh mode', target.refresh_mode
    UNION ALL SELECT 'schedule', coalesce(target.schedule, 'calculated')
    UNION ALL SELECT 'reinitialize', target.reinit_reason WHERE target.needs_reinit
    UNION ALL SELECT 'frontier', frontier.snapshot::text WHERE frontier.snapshot IS NOT NULL
    UNION ALL SELECT 'data timestamp', frontier.data_timestamp::text WHERE frontier.data_timestamp IS NOT NULL
    UNION ALL SELECT 'cost of a full refresh', round(frontier.full_ms::numeric, 2) || ' ms' WHERE frontier.full_ms IS NOT NULL
    UNION ALL SELECT 'cost of a small differential refresh', round(frontier.delta_ms_fixed::numeric, 2) || ' ms'
      WHERE frontier.delta_ms_fixed IS NOT NULL
    UNION ALL SELECT 'cost of 10,000 changed rows', (
      SELECT string_agg(format('%s ms in %s', round((cost * pgstream._delta_size(10000))::numeric, 1), pgstream._qualified_name(d.source_relid)), ', ')
      FROM (SELECT source_relid, row_number() OVER (ORDER BY source_relid) AS i FROM pgstream.pgs_dependencies WHERE pgs_id = id AND is_captured) AS d
      JOIN unnest(frontier.delta_costs) WITH ORDINALITY AS u(cost, i) USING (i)
      WHERE cost > 0)
      WHERE 0 < ANY (frontier.delta_costs[:cardinality(frontier.delta_costs) - 1]);
  RETURN QUERY
    SELECT 'source', concat_ws(', ', pgstream._qualified_name(d.source_relid),
      CASE WHEN d.is_captured THEN 'changes captured by ' || lower(t.trigger_level) || ' triggers in ' || t.buffer::text
        || ' (' || pg_size_pretty(pgstream._buffer_size(t.source_relid)) || ')'
        WHEN target.is_copy THEN 'compared at each refresh' ELSE 'changes not captured' END,
      CASE WHEN copy.relations[1] = ANY (target.relations)
        THEN format('the copy of %s, with which it is compared at each refresh', pgstream._qualified_name(copy.relations[1])) END)
    FROM pgstream.pgs_dependencies d LEFT JOIN pgstream.pgs_change_tracking t USING (source_relid)
    LEFT JOIN pgstream.pgs_stream_tables copy ON copy.pgs_relid = d.source_relid AND copy.is_copy
    WHERE d.pgs_id = id ORDER BY d.source_relid;
END
$$;
