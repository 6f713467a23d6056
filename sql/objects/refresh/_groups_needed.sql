-- What has to be refreshed for a stream table to show what the ordinary tables show: groups of stream tables, each as the
-- text of an array, sources first.
CREATE OR REPLACE FUNCTION pgstream._groups_needed(id bigint, news pgstream.graph[]) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
  WITH RECURSIVE nodes AS MATERIALIZED (
    SELECT * FROM pgstream._graph_with(news)
  ), needed(group_id) AS (
    SELECT g.group_id FROM nodes g WHERE g.pgs_id = id
    UNION
    SELECT below.group_id
    FROM needed n JOIN nodes m ON m.group_id = n.group_id CROSS JOIN unnest(m.ancestors) AS a(relid)
    JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = a.relid JOIN nodes below ON below.pgs_id = s.pgs_id
  ), groups AS (
    SELECT array_agg(g.pgs_id ORDER BY g.depth, g.pgs_id)::text AS members, max(g.rank) AS rank, g.group_id
    FROM nodes g JOIN needed USING (group_id) GROUP BY g.group_id
  )
  SELECT coalesce(array_agg(members ORDER BY rank, group_id), '{}') FROM groups
$$;
