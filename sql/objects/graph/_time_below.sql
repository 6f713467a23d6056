-- The oldest moment that the stream tables below these show, except these themselves; NULL when there are none.
CREATE OR REPLACE FUNCTION pgstream._time_below(members bigint[], news pgstream.graph[]) RETURNS timestamptz
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  below CONSTANT bigint[] := ARRAY(
    SELECT s.pgs_id FROM pgstream._graph_with(news) g JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = ANY (g.ancestors)
    WHERE g.pgs_id = ANY (members) AND s.pgs_id <> ALL (members));
BEGIN
  IF below = '{}' THEN
    RETURN NULL;
  END IF;
  RETURN (SELECT min(b.exact_at) FROM pgstream._standing(below) AS b);
END
$$;
