-- Why the changes of these columns of a relation cannot be captured by triggers; NULL when they can.
CREATE OR REPLACE FUNCTION pgstream._capture_obstacle(source oid, columns smallint[]) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
  SELECT CASE
    WHEN c.relnamespace = 'pg_catalog'::regnamespace OR c.relnamespace = 'information_schema'::regnamespace
      THEN format('"%s" is a system catalog', c.relname)
    WHEN c.relpersistence = 't' THEN format('"%s" is a temporary table', c.relname)
    WHEN c.relkind = 'm' THEN format('"%s" is a materialized view', c.relname)
    WHEN c.relkind = 'f' THEN format('"%s" is a foreign table', c.relname)
    WHEN c.relkind = 'S' THEN format('"%s" is a sequence', c.relname)
    WHEN c.relkind NOT IN ('r', 'p') THEN format('"%s" is not a table', c.relname)
    -- A table has 1,600 columns at most; a buffer needs five of its own, and 300 for what is packed (pgstream._packed_type).
    WHEN (SELECT count(DISTINCT u) FROM unnest(columns || coalesce((SELECT t.columns FROM pgstream.pgs_change_tracking t WHERE t.source_relid = source), '{}')) AS u) > 1250
      THEN format('more than 1,250 columns of "%s" are read', c.relname)
    WHEN c.relpersistence = 'u' THEN format('"%s" is an unlogged table, which a crash empties without a change to tell of it', c.relname)
    ELSE coalesce((
        SELECT format('partition or child "%s" of "%s" is %s', f.relname, c.relname, CASE WHEN f.relkind = 'f' THEN 'a foreign table'
          WHEN f.relpersistence = 't' THEN 'a temporary table'
          ELSE 'an unlogged table, which a crash empties without a change to tell of it' END)
        FROM pg_class f
        WHERE f.oid = ANY ((SELECT pgstream._descendants(source))::oid[]) AND (f.relkind = 'f' OR f.relpersistence <> 'p')
        ORDER BY f.oid LIMIT 1),
      pgstream._generation_obstacle(source, columns))
  END
  FROM pg_class c WHERE c.oid = source
$$;
