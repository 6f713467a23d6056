-- How the values of types compare by default: the equality operator, and whether they sort and hash. As the server
-- decides it (GetDefaultOpClass and the type cache), including that an array or a row compares only if its parts do.
CREATE OR REPLACE FUNCTION pgstream._type_comparison(types oid[])
RETURNS TABLE (type oid, equality oid, sortable boolean, hashable boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning these queries anew for each array of oids costs more than running them.
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  direct record;
  parts jsonb := '{}';
  no_equality oid[] := '{}';
  no_order oid[] := '{}';
  no_hash oid[] := '{}';
  bad_equality oid[];
  bad_order oid[];
  bad_hash oid[];
  equalities jsonb := '{}';
BEGIN
  -- Each type by its own operator class; containers by the polymorphic one, as if their parts were fine.
  FOR direct IN
    SELECT t.oid, b.opr AS btree, h.opr AS hash, coalesce(h.extended, false) AS extended
    FROM pg_type t
    CROSS JOIN LATERAL (
      SELECT CASE
        WHEN EXISTS (SELECT FROM pg_opclass o WHERE o.opcintype = t.oid AND o.opcdefault AND o.opcmethod IN (403, 405)) THEN t.oid
        WHEN t.typsubscript = 'array_subscript_handler'::regproc THEN 'anyarray'::regtype
        WHEN t.typtype = 'e' THEN 'anyenum'::regtype
        WHEN t.typtype = 'r' THEN 'anyrange'::regtype
        WHEN t.typtype = 'm' THEN 'anymultirange'::regtype
        WHEN t.typtype = 'c' THEN 'record'::regtype
        WHEN t.typtype = 'b' THEN (
          SELECT k.casttarget FROM pg_cast k JOIN pg_type p ON p.oid = k.casttarget
          WHERE k.castsource = t.oid AND k.castmethod = 'b' AND k.castcontext = 'i'
            AND EXISTS (SELECT FROM pg_opclass o
              WHERE o.opcintype = k.casttarget AND o.opcdefault AND o.opcmethod IN (403, 405))
          ORDER BY p.typispreferred DESC, k.casttarget LIMIT 1)
      END::oid AS oid
    ) AS lookup
    LEFT JOIN LATERAL (
      SELECT m.amopopr AS opr FROM pg_opclass o
      JOIN pg_amop m ON m.amopfamily = o.opcfamily AND m.amoplefttype = o.opcintype
        AND m.amoprighttype = o.opcintype AND m.amopstrategy = 3 AND m.amoppurpose = 's'
      WHERE o.opcintype = lookup.oid AND o.opcdefault AND o.opcmethod = 403
    ) AS b ON true
    LEFT JOIN LATERAL (
      SELECT m.amopopr AS opr, EXISTS (SELECT FROM pg_amproc p WHERE p.amprocfamily = o.opcfamily
        AND p.amproclefttype = o.opcintype AND p.amprocrighttype = o.opcintype AND p.amprocnum = 2) AS extended
      FROM pg_opclass o
      JOIN pg_amop m ON m.amopfamily = o.opcfamily AND m.amoplefttype = o.opcintype
        AND m.amoprighttype = o.opcintype AND m.amopstrategy = 1 AND m.amoppurpose = 's'
      WHERE o.opcintype = lookup.oid AND o.opcdefault AND o.opcmethod = 405
    ) AS h ON true
    WHERE t.oid = ANY (types) AND t.typtype <> 'd'
  LOOP
    equalities := equalities || jsonb_build_object(direct.oid::text, coalesce(direct.btree, direct.hash, 0::oid)::bigint);
    IF direct.btree IS NULL AND direct.hash IS NULL THEN no_equality := no_equality || direct.oid; END IF;
    IF direct.btree IS NULL THEN no_order := no_order || direct.oid; END IF;
    IF NOT direct.extended THEN no_hash := no_hash || direct.oid; END IF;
  END LOOP;

  -- What a part lacks, the whole lacks.
  LOOP
    SELECT array_agg(t.oid) FILTER (WHERE part.oid = ANY (no_equality) AND t.oid <> ALL (no_equality)),
      array_agg(t.oid) FILTER (WHERE part.oid = ANY (no_order) AND t.oid <> ALL (no_order) AND t.typtype NOT IN ('r', 'm')),
      array_agg(t.oid) FILTER (WHERE part.oid = ANY (no_hash) AND t.oid <> ALL (no_hash))
    INTO bad_equality, bad_order, bad_hash
    FROM pg_type t
    CROSS JOIN LATERAL (
      SELECT t.typelem WHERE t.typsubscript = 'array_subscript_handler'::regproc
      UNION ALL SELECT t.typbasetype WHERE t.typtype = 'd'
      UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.typtype = 'r' AND r.rngtypid = t.oid
      UNION ALL SELECT r.rngtypid FROM pg_range r WHERE t.typtype = 'm' AND r.rngmultitypid = t.oid
      UNION ALL SELECT a.atttypid FROM pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS part(oid)
    WHERE t.oid = ANY (types) AND (t.typtype IN ('d', 'r', 'm', 'c') OR t.typelem <> 0);
    EXIT WHEN bad_equality IS NULL AND bad_order IS NULL AND bad_hash IS NULL;
    no_equality := no_equality || bad_equality;
    no_order := no_order || bad_order;
    no_hash := no_hash || bad_hash;
  END LOOP;

  RETURN QUERY
    WITH RECURSIVE root(oid, base) AS (
      SELECT t.oid, t.oid FROM unnest(types) AS t(oid)
      UNION ALL
      SELECT root.oid, d.typbasetype FROM root JOIN pg_type d ON d.oid = root.base AND d.typtype = 'd'
    )
    SELECT root.oid,
      CASE WHEN root.oid = ANY (no_equality) THEN 0 ELSE (equalities ->> root.base::text)::bigint END::oid,
      root.oid <> ALL (no_order), root.oid <> ALL (no_hash)
    FROM root WHERE equalities ? root.base::text;
END
$$;
