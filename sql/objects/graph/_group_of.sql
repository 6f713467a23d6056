-- The stream tables that are refreshed together with this one, sources first; nearly always it alone.
CREATE OR REPLACE FUNCTION pgstream._group_of(id bigint, news pgstream.graph[]) RETURNS bigint[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH nodes AS MATERIALIZED (SELECT * FROM pgstream._graph_with(news))
  SELECT coalesce((
    SELECT array_agg(m.pgs_id ORDER BY m.depth, m.pgs_id)
    FROM nodes g JOIN nodes m USING (group_id) WHERE g.pgs_id = id), ARRAY[id])
$$;
