-- The type of a buffer column, with its collation. Domains become their base type: rows that are older than
-- the column hold NULL there, which a domain may forbid.
CREATE OR REPLACE FUNCTION pgstream._buffer_type(type oid, typmod integer, collation_oid oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
SET quote_all_identifiers = off
AS $$
  WITH RECURSIVE root(oid, typmod, depth) AS (
    SELECT type, typmod, 0
    UNION ALL
    SELECT t.typbasetype, CASE WHEN t.typtypmod = -1 THEN root.typmod ELSE t.typtypmod END, depth + 1
    FROM root JOIN pg_type t ON t.oid = root.oid AND t.typtype = 'd'
  )
  SELECT format_type(root.oid, root.typmod) || coalesce((
    SELECT format(' COLLATE %I.%I', n.nspname, c.collname)
    FROM pg_type t, pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
    WHERE t.oid = root.oid AND c.oid = collation_oid AND collation_oid <> t.typcollation), '')
  FROM root ORDER BY depth DESC LIMIT 1
$$;
