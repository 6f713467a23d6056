-- Why a stored generated column cannot be captured; NULL when all can. Where its value has to be computed again
-- (pgstream._numbers_differ), that happens with the rights of pg_stream: so the expression must be made of nothing but
-- what comes with PostgreSQL, types included (a comparison or a conversion may call what a type's maker wrote), and every
-- partition must compute the same.
CREATE OR REPLACE FUNCTION pgstream._generation_obstacle(source oid, columns smallint[]) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
SET quote_all_identifiers = off
AS $$
  SELECT format(CASE
      WHEN used.own THEN 'the value of generated column "%s" of partitioned table "%s" depends on what is not part of PostgreSQL, and a partition numbers its columns otherwise'
      ELSE 'a partition computes generated column "%s" of partitioned table "%s" otherwise, and numbers its columns otherwise' END,
    a.attname, a.attrelid::regclass)
  FROM pg_attribute a
  JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  CROSS JOIN LATERAL (
    SELECT EXISTS (
      SELECT FROM pg_depend p
      LEFT JOIN pg_attribute v ON p.refclassid = 'pg_class'::regclass AND v.attrelid = p.refobjid AND v.attnum = p.refobjsubid
      -- What PostgreSQL is made of has an oid below 12000 (FirstUnpinnedObjectId) and no entry here.
      WHERE p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
        AND (p.refclassid <> 'pg_class'::regclass OR v.atttypid >= 12000))
  ) AS used(own)
  WHERE a.attrelid = source AND a.attnum = ANY (columns) AND a.attgenerated = 's' AND NOT a.attisdropped
    AND pgstream._numbers_differ(source)
    AND (used.own OR EXISTS (
      SELECT FROM unnest(pgstream._capture_carriers(source)) AS carrier
      JOIN pg_attribute b ON b.attrelid = carrier AND b.attname = a.attname AND NOT b.attisdropped
      LEFT JOIN pg_attrdef e ON e.adrelid = b.attrelid AND e.adnum = b.attnum
      WHERE pg_get_expr(e.adbin, e.adrelid) IS DISTINCT FROM pg_get_expr(d.adbin, d.adrelid)))
  ORDER BY a.attnum LIMIT 1
$$;
