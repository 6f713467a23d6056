-- The type of the arrays in which a change buffer packs the values of a type, with the collation of those. NULL for what no
-- array can hold: arrays themselves, and the few types that have none. Nor are columns packed behind the 300th, for a buffer has
-- no more columns than any table, 1,600, and needs a second one for each that is. Without a modifier: values have been cut to it already.
-- The compiler knows the same by the facts of the type (src/compiler/emit/packed.ts).
CREATE OR REPLACE FUNCTION pgstream._packed_type(attnum smallint, type oid, collation_oid oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
  WITH RECURSIVE root(oid, depth) AS (
    SELECT type, 0
    UNION ALL
    SELECT t.typbasetype, depth + 1 FROM root JOIN pg_type t ON t.oid = root.oid AND t.typtype = 'd'
  )
  SELECT format('%I.%I', n.nspname, a.typname) || coalesce((
    SELECT format(' COLLATE %I.%I', cn.nspname, c.collname)
    FROM pg_collation c JOIN pg_namespace cn ON cn.oid = c.collnamespace
    WHERE c.oid = collation_oid AND collation_oid <> t.typcollation), '')
  FROM (SELECT oid FROM root ORDER BY depth DESC LIMIT 1) AS r
  JOIN pg_type t ON t.oid = r.oid AND t.typsubscript <> 'array_subscript_handler'::regproc
  JOIN pg_type a ON a.oid = t.typarray
  JOIN pg_namespace n ON n.oid = a.typnamespace
  WHERE attnum <= 300
$$;
