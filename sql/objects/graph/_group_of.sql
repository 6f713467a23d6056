-- The stream tables that are refreshed together with this one, sources first; nearly always it alone.
CREATE OR REPLACE FUNCTION pgstream._group_of(id bigint) RETURNS bigint[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((
    SELECT array_agg(m.pgs_id ORDER BY m.depth, m.pgs_id)
    FROM pgstream.graph g JOIN pgstream.graph m USING (group_id) WHERE g.pgs_id = id), ARRAY[id])
$$;
