-- Why the changes of a relation cannot be captured by triggers; NULL when they can.
CREATE OR REPLACE FUNCTION pgstream._capture_obstacle(source oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN c.relnamespace = 'pg_catalog'::regnamespace OR c.relnamespace = 'information_schema'::regnamespace
      THEN format('"%s" is a system catalog', c.relname)
    WHEN c.relpersistence = 't' THEN format('"%s" is a temporary table', c.relname)
    WHEN c.relkind = 'm' THEN format('"%s" is a materialized view', c.relname)
    WHEN c.relkind = 'f' THEN format('"%s" is a foreign table', c.relname)
    WHEN c.relkind = 'S' THEN format('"%s" is a sequence', c.relname)
    WHEN c.relkind NOT IN ('r', 'p') THEN format('"%s" is not a table', c.relname)
    ELSE (
      SELECT format('partition or child "%s" of "%s" is a foreign table', f.relname, c.relname)
      FROM pg_class f WHERE f.oid = ANY (pgstream._capture_carriers(source)) AND f.relkind = 'f' LIMIT 1)
  END
  FROM pg_class c WHERE c.oid = source
$$;
