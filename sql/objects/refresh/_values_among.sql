-- How many values a column of a table may have among so many of its rows, by the statistics that the caller may read; as many as
-- PostgreSQL expects where there are none (DEFAULT_NUM_DISTINCT in selfuncs.c). Names first: asked by what a join finds, the view is
-- gone through for all columns there are. Planning is nearly all that it takes, so a plan is kept.
CREATE OR REPLACE FUNCTION pgstream._values_among(source oid, attnum int, n bigint) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  col record;
  found_distinct real;
BEGIN
  SELECT m.nspname, c.relname, c.reltuples, a.attname INTO col
  FROM pg_class c
  JOIN pg_namespace m ON m.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = _values_among.attnum
  WHERE c.oid = source;
  SELECT s.n_distinct INTO found_distinct
  FROM pg_stats s
  WHERE s.schemaname = col.nspname AND s.tablename = col.relname AND s.attname = col.attname
  ORDER BY s.inherited DESC LIMIT 1;
  RETURN least(n, CASE WHEN found_distinct < 0 THEN -found_distinct * greatest(col.reltuples, n) ELSE coalesce(nullif(found_distinct, 0), 200) END::bigint);
END
$$;
