-- Which transactions wrote what the catalogs say of these relations: another sum when anything was altered, told or not.
CREATE OR REPLACE FUNCTION pgstream._catalog_stamp(relations oid[]) RETURNS numeric
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(sum(v.xmin::text::bigint + 4294967296), 0)
  FROM (
    SELECT c.xmin FROM pg_class c WHERE c.oid = ANY (relations)
    UNION ALL SELECT a.xmin FROM pg_attribute a WHERE a.attrelid = ANY (relations) AND a.attnum > 0
    UNION ALL SELECT t.xmin FROM pg_trigger t WHERE t.tgrelid = ANY (relations)
    UNION ALL SELECT i.xmin FROM pg_index i WHERE i.indrelid = ANY (relations)
    UNION ALL SELECT h.xmin FROM pg_inherits h WHERE h.inhparent = ANY (relations)
    UNION ALL SELECT w.xmin FROM pg_rewrite w WHERE w.ev_class = ANY (relations)
  ) AS v
$$;
