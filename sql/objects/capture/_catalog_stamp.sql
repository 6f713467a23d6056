-- requires: capture/_catalog_rows
-- Which transactions wrote what the catalogs say of these relations: another sum when anything was altered, told or not.
CREATE OR REPLACE FUNCTION pgstream._catalog_stamp(relations oid[]) RETURNS numeric
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(sum(v.version::text::bigint + 4294967296), 0) FROM pgstream._catalog_rows v WHERE v.relid = ANY (relations)
$$;
