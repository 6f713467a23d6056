-- The constants of types such as regclass and regconfig in analysed trees: what they name, by its type, catalog and oid. Their
-- four bytes are written as signed numbers (outDatum in outfuncs.c), the lowest first.
CREATE OR REPLACE FUNCTION pgstream._tree_registered(trees text[]) RETURNS TABLE (type oid, class oid, object oid)
LANGUAGE sql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
  SELECT DISTINCT r.type::oid, r.class::oid, (
    SELECT sum(((b.value::integer + 256) % 256) * (256::bigint ^ (b.i - 1))) FROM unnest(found[2:5]) WITH ORDINALITY AS b(value, i))::bigint::oid
  FROM unnest(trees) AS tree
  CROSS JOIN LATERAL regexp_matches(tree,
    E':consttype (24|2202|2203|2204|2205|2206|3734|3769|4089|4096|4191) [^{}]*?:constisnull false [^{}]*?:constvalue 4 \\[ (-?\\d+) (-?\\d+) (-?\\d+) (-?\\d+) ', 'g') AS found
  JOIN (VALUES ('regproc'::regtype, 'pg_proc'::regclass), ('regprocedure', 'pg_proc'), ('regoper', 'pg_operator'),
    ('regoperator', 'pg_operator'), ('regclass', 'pg_class'), ('regtype', 'pg_type'), ('regconfig', 'pg_ts_config'),
    ('regdictionary', 'pg_ts_dict'), ('regnamespace', 'pg_namespace'), ('regrole', 'pg_authid'), ('regcollation', 'pg_collation')
  ) AS r(type, class) ON r.type::oid = found[1]::oid
$$;
