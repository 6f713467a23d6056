-- Every function, operator, type, collation and text search configuration that analysed trees use, and what their constants of
-- types such as regclass name, as catalog/oid, with what these are made of: the
-- function behind an operator, the parts of an aggregate, elements and attributes of a type, and what the body of a
-- function in standard SQL, or a default of its arguments, is made of. Functions, operators, types and
-- collations that come with PostgreSQL (oid below 12000, FirstUnpinnedObjectId) cannot change.
CREATE OR REPLACE FUNCTION pgstream._tree_uses(trees text[]) RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  -- A join lists the columns of both sides, also those that nobody reads.
  mentioned record := pgstream._tree_references(ARRAY(
    SELECT regexp_replace(t, E':joinaliasvars \\((?:\\{VAR [^{}]*\\} ?)+\\)', ':joinaliasvars ()', 'g') FROM unnest(trees) AS t));
  called_functions oid[];
  called_operators oid[];
  called_types oid[];
  called_collations oid[];
BEGIN
  WITH RECURSIVE called(class, oid) AS (
    SELECT 'pg_proc'::regclass::oid, f FROM unnest(mentioned.functions) AS f
    UNION SELECT 'pg_operator'::regclass, o FROM unnest(mentioned.operators) AS o
    UNION SELECT part.class, part.oid
    FROM called
    CROSS JOIN LATERAL (
      SELECT 'pg_proc'::regclass, o.oprcode::oid FROM pg_operator o WHERE called.class = 'pg_operator'::regclass AND o.oid = called.oid
      UNION ALL SELECT 'pg_proc'::regclass, a FROM pg_aggregate g,
        unnest(ARRAY[g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn]) AS a
      WHERE called.class = 'pg_proc'::regclass AND g.aggfnoid = called.oid
      UNION ALL SELECT d.refclassid, d.refobjid FROM pg_depend d
      WHERE called.class = 'pg_proc'::regclass AND d.classid = called.class AND d.objid = called.oid
        AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass, 'pg_collation'::regclass)
    ) AS part(class, oid)
    WHERE part.oid >= 12000
  )
  SELECT coalesce(array_agg(oid) FILTER (WHERE class = 'pg_proc'::regclass), '{}'), coalesce(array_agg(oid) FILTER (WHERE class = 'pg_operator'::regclass), '{}'),
    coalesce(array_agg(oid) FILTER (WHERE class = 'pg_type'::regclass), '{}'), coalesce(array_agg(oid) FILTER (WHERE class = 'pg_collation'::regclass), '{}')
  INTO called_functions, called_operators, called_types, called_collations FROM called;
  RETURN ARRAY(
    SELECT DISTINCT format('%s/%s', class::oid, oid)
    FROM (
      SELECT 'pg_proc'::regclass AS class, unnest(called_functions) AS oid
      UNION ALL SELECT 'pg_operator'::regclass, unnest(called_operators)
      UNION ALL SELECT 'pg_type'::regclass, unnest(pgstream._type_closure(mentioned.types || called_types))
      UNION ALL SELECT 'pg_collation'::regclass, unnest(mentioned.collations || called_collations)
      UNION ALL SELECT r.class, r.object FROM pgstream._tree_registered(trees) AS r WHERE r.class NOT IN ('pg_ts_config'::regclass, 'pg_ts_dict'::regclass)
    ) AS used
    WHERE oid >= 12000
    UNION
    SELECT unnest(pgstream._text_search_uses(ARRAY(
      SELECT format('%s/%s', r.class, r.object) FROM pgstream._tree_registered(trees) AS r
      WHERE r.class IN ('pg_ts_config'::regclass, 'pg_ts_dict'::regclass)
      UNION SELECT format('%s/%s', d.refclassid, d.refobjid) FROM pg_depend d
      WHERE d.classid = 'pg_proc'::regclass AND d.objid = ANY (called_functions)
        AND d.refclassid IN ('pg_ts_config'::regclass, 'pg_ts_dict'::regclass))))
    ORDER BY 1);
END
$$;
