-- The groups of stream tables that are refreshed together, at one snapshot: those whose ways meet again, and those that
-- were given a consistency group. `held_by`: which of them fails or waits, and keeps all of them from being refreshed;
-- `left_out`: those that are suspended or broken, without which the others go on.
CREATE OR REPLACE FUNCTION pgstream.diamond_groups()
RETURNS TABLE (group_id bigint, members text[], consistency_groups text[], data_timestamp timestamptz, bound_seconds double precision,
  held_by text, left_out text[])
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT g.group_id, array_agg(format('%I.%I', s.pgs_schema, s.pgs_name) ORDER BY g.depth, s.pgs_id),
    array_agg(DISTINCT s.consistency_group) FILTER (WHERE s.consistency_group IS NOT NULL), min(f.data_timestamp), min(g.seconds),
    CASE WHEN (SELECT pgstream._is_home()) THEN string_agg(DISTINCT format('%I.%I: %s', s.pgs_schema, s.pgs_name, coalesce(w.waiting_for, s.last_error)), '; ')
      FILTER (WHERE s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL AND coalesce(w.waiting_for, s.last_error) IS NOT NULL)
      ELSE 'all: waits for restore_stream_tables()' END,
    array_agg(format('%I.%I', s.pgs_schema, s.pgs_name) ORDER BY g.depth, s.pgs_id)
      FILTER (WHERE s.status NOT IN ('INITIALIZING', 'ACTIVE') OR s.broken_reason IS NOT NULL)
  FROM pgstream._graph_with(pgstream._news_of_graph(false)) g
  JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  LEFT JOIN pgstream.frontiers w USING (pgs_id)
  LEFT JOIN pgstream._freshness() f USING (pgs_id)
  GROUP BY g.group_id HAVING count(*) > 1
  ORDER BY 2
$$;
