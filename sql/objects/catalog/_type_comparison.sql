-- How the values of types compare by default: the equality operator, and whether they sort and hash. As the server
-- decides it (GetDefaultOpClass and the type cache), including that an array or a row compares only if its parts do:
-- the parts must be among the given types (pgstream._type_closure).
CREATE OR REPLACE FUNCTION pgstream._type_comparison(types oid[])
RETURNS TABLE (type oid, equality oid, sortable boolean, hashable boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning these queries anew for each array of oids costs more than running them; without statistics the planner
-- takes nested sequential scans of the catalogs.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
  known oid[];
  equalities oid[];
  no_equality oid[];
  no_order oid[];
  no_hash oid[];
  -- A container and what it is made of, side by side.
  wholes oid[];
  parts oid[];
  kinds "char"[];
  before integer;
BEGIN
  -- Each type by its own operator class; containers by the polymorphic one, as if their parts were fine.
  WITH class AS MATERIALIZED (
    SELECT o.opcintype, o.opcmethod, o.opcfamily FROM pg_opclass o WHERE o.opcdefault AND o.opcmethod IN (403, 405)
  ), lookup AS MATERIALIZED (
    SELECT t.oid, CASE
      WHEN t.oid IN (SELECT opcintype FROM class) THEN t.oid
      WHEN t.typsubscript = 'array_subscript_handler'::regproc THEN 'anyarray'::regtype
      WHEN t.typtype = 'e' THEN 'anyenum'::regtype
      WHEN t.typtype = 'r' THEN 'anyrange'::regtype
      WHEN t.typtype = 'm' THEN 'anymultirange'::regtype
      WHEN t.typtype = 'c' THEN 'record'::regtype
      WHEN t.typtype = 'b' THEN (
        SELECT k.casttarget FROM pg_cast k JOIN pg_type p ON p.oid = k.casttarget
        WHERE k.castsource = t.oid AND k.castmethod = 'b' AND k.castcontext = 'i'
          AND k.casttarget IN (SELECT opcintype FROM class)
        ORDER BY p.typispreferred DESC, k.casttarget LIMIT 1)
      END::oid AS by
    FROM pg_type t WHERE t.oid = ANY (types) AND t.typtype <> 'd'
  ), operator AS MATERIALIZED (
    SELECT class.opcintype, class.opcmethod, m.amopopr, class.opcmethod = 405 AND EXISTS (
        SELECT FROM pg_amproc p WHERE p.amprocfamily = class.opcfamily AND p.amproclefttype = class.opcintype
          AND p.amprocrighttype = class.opcintype AND p.amprocnum = 2) AS hashes
    FROM class JOIN pg_amop m ON m.amopfamily = class.opcfamily AND m.amoplefttype = class.opcintype
      AND m.amoprighttype = class.opcintype AND m.amopstrategy = CASE class.opcmethod WHEN 403 THEN 3 ELSE 1 END
    WHERE class.opcintype IN (SELECT by FROM lookup)
  ), found AS (
    SELECT lookup.oid, max(o.amopopr::bigint) FILTER (WHERE o.opcmethod = 403) AS btree,
      max(o.amopopr::bigint) FILTER (WHERE o.opcmethod = 405) AS hash, coalesce(bool_or(o.hashes), false) AS hashes
    FROM lookup LEFT JOIN operator o ON o.opcintype = lookup.by GROUP BY lookup.oid
  )
  SELECT array_agg(oid), array_agg(coalesce(btree, hash, 0)::oid),
    coalesce(array_agg(oid) FILTER (WHERE btree IS NULL AND hash IS NULL), '{}'),
    coalesce(array_agg(oid) FILTER (WHERE btree IS NULL), '{}'), coalesce(array_agg(oid) FILTER (WHERE NOT hashes), '{}')
  INTO known, equalities, no_equality, no_order, no_hash FROM found;

  SELECT coalesce(array_agg(t.oid), '{}'), coalesce(array_agg(part.oid), '{}'), coalesce(array_agg(t.typtype), '{}')
  INTO wholes, parts, kinds
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
  -- Of a domain over ranges a container knows no hash.
  no_hash := no_hash || ARRAY(
    WITH RECURSIVE over_range(oid) AS (
      SELECT d.oid FROM pg_type d JOIN pg_type b ON b.oid = d.typbasetype
      WHERE d.oid = ANY (types) AND d.typtype = 'd' AND b.typtype IN ('r', 'm')
      UNION
      SELECT d.oid FROM over_range JOIN pg_type d ON d.typbasetype = over_range.oid WHERE d.oid = ANY (types) AND d.typtype = 'd'
    )
    SELECT DISTINCT w FROM unnest(wholes, parts, kinds) AS u(w, p, k)
    WHERE p IN (SELECT oid FROM over_range) AND k <> 'd');
  -- What a part lacks, the whole lacks; a range orders by itself.
  LOOP
    before := cardinality(no_equality) + cardinality(no_order) + cardinality(no_hash);
    no_equality := no_equality || ARRAY(SELECT DISTINCT w FROM unnest(wholes, parts) AS u(w, p)
      WHERE p = ANY (no_equality) AND w <> ALL (no_equality));
    no_order := no_order || ARRAY(SELECT DISTINCT w FROM unnest(wholes, parts, kinds) AS u(w, p, k)
      WHERE p = ANY (no_order) AND w <> ALL (no_order) AND k NOT IN ('r', 'm'));
    no_hash := no_hash || ARRAY(SELECT DISTINCT w FROM unnest(wholes, parts) AS u(w, p)
      WHERE p = ANY (no_hash) AND w <> ALL (no_hash));
    EXIT WHEN before = cardinality(no_equality) + cardinality(no_order) + cardinality(no_hash);
  END LOOP;

  RETURN QUERY
    WITH RECURSIVE root(oid, base) AS (
      SELECT t.oid, t.oid FROM (SELECT DISTINCT unnest(types)) AS t(oid)
      UNION ALL
      SELECT root.oid, d.typbasetype FROM root JOIN pg_type d ON d.oid = root.base AND d.typtype = 'd'
    )
    SELECT root.oid, CASE WHEN root.oid = ANY (no_equality) THEN 0::oid ELSE k.equality END,
      root.oid <> ALL (no_order), root.oid <> ALL (no_hash)
    FROM root JOIN unnest(known, equalities) AS k(oid, equality) ON k.oid = root.base;
END
$$;
