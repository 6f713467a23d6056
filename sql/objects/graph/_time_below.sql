-- The oldest moment that the stream tables below these show, except these themselves; NULL when there are none, and -infinity when
-- one of them shows none (pgstream._standing). Asked before those above are read: whoever moves one below meanwhile makes it
-- younger than what is read of it.
CREATE OR REPLACE FUNCTION pgstream._time_below(members bigint[]) RETURNS timestamptz
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  -- By what is installed, which the graph may not show yet.
  below CONSTANT bigint[] := ARRAY(
    WITH RECURSIVE ways(pgs_id) AS (
      SELECT unnest(members)
      UNION
      SELECT s.pgs_id FROM ways w JOIN pgstream.pgs_dependencies d USING (pgs_id) JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = d.source_relid
    )
    SELECT w.pgs_id FROM ways w WHERE w.pgs_id <> ALL (members));
BEGIN
  IF below = '{}' THEN
    RETURN NULL;
  END IF;
  RETURN (SELECT min(coalesce(b.exact_at, '-infinity')) FROM pgstream._standing(below) AS b);
END
$$;
