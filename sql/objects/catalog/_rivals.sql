-- What else a call of a function or operator may find, written as text: others of its name, as the types of their arguments, where
-- it takes any type or its arguments have defaults and so gives way to one that fits better. NULL when there are none.
CREATE OR REPLACE FUNCTION pgstream._rivals(class oid, object oid) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
  SELECT jsonb_agg(DISTINCT r.types)
  FROM (
    SELECT (
      SELECT jsonb_agg(jsonb_build_object('type', t.oid::bigint, 'category', t.typcategory) ORDER BY i)
      FROM generate_series(0, n - 1) AS i
      JOIN pg_type t ON t.oid = CASE WHEN o.provariadic <> 0 AND i >= o.pronargs - 1 THEN o.provariadic ELSE o.proargtypes[i] END) AS types
    FROM pg_proc p
    JOIN pg_proc o ON o.proname = p.proname AND o.pronamespace = p.pronamespace AND o.oid <> p.oid
    -- With and without what may be left out.
    CROSS JOIN LATERAL generate_series(greatest(1, o.pronargs - o.pronargdefaults), greatest(o.pronargs, CASE WHEN o.provariadic <> 0 THEN p.pronargs END)) AS n
    WHERE class = 'pg_proc'::regclass AND p.oid = object
      AND (p.pronargdefaults > 0 OR EXISTS (SELECT FROM unnest(p.proargtypes) AS a JOIN pg_type t ON t.oid = a WHERE t.typtype = 'p'))
    UNION ALL
    -- As VARIADIC takes an array.
    SELECT (
      SELECT jsonb_agg(jsonb_build_object('type', t.oid::bigint, 'category', t.typcategory) ORDER BY a.i)
      FROM unnest(o.proargtypes) WITH ORDINALITY AS a(oid, i) JOIN pg_type t ON t.oid = a.oid)
    FROM pg_proc p
    JOIN pg_proc o ON o.proname = p.proname AND o.pronamespace = p.pronamespace AND o.oid <> p.oid
    WHERE class = 'pg_proc'::regclass AND p.oid = object AND p.provariadic <> 0 AND o.provariadic <> 0
      AND EXISTS (SELECT FROM unnest(p.proargtypes) AS a JOIN pg_type t ON t.oid = a WHERE t.typtype = 'p')
    UNION ALL
    SELECT (
      SELECT jsonb_agg(jsonb_build_object('type', t.oid::bigint, 'category', t.typcategory) ORDER BY a.i)
      FROM unnest(ARRAY[o.oprleft, o.oprright]) WITH ORDINALITY AS a(oid, i) JOIN pg_type t ON t.oid = a.oid)
    FROM pg_operator p
    JOIN pg_operator o ON o.oprname = p.oprname AND o.oprnamespace = p.oprnamespace AND o.oid <> p.oid
    WHERE class = 'pg_operator'::regclass AND p.oid = object
      AND EXISTS (SELECT FROM pg_type t WHERE t.oid IN (p.oprleft, p.oprright) AND t.typtype = 'p')
  ) AS r
$$;
