-- The groups of stream tables that are refreshed together, at one snapshot: those whose ways meet again, and those that were
-- given a consistency group.
CREATE OR REPLACE FUNCTION pgstream.diamond_groups()
RETURNS TABLE (group_id bigint, members text[], consistency_groups text[], data_timestamp timestamptz, bound_seconds double precision)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT g.group_id, array_agg(format('%I.%I', s.pgs_schema, s.pgs_name) ORDER BY g.depth, s.pgs_id),
    array_agg(DISTINCT s.consistency_group) FILTER (WHERE s.consistency_group IS NOT NULL), min(f.data_timestamp), min(g.seconds)
  FROM pgstream.graph g
  JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  LEFT JOIN pgstream._freshness() f USING (pgs_id)
  GROUP BY g.group_id HAVING count(*) > 1
  ORDER BY 2
$$;
