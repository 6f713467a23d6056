-- TypeFacts of the given types, keyed by oid. `types` must be closed (pgstream._type_closure).
CREATE OR REPLACE FUNCTION pgstream._type_facts(types oid[]) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
-- Planning this query anew for each array of oids costs more than running it.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
  RETURN (
  SELECT coalesce(jsonb_object_agg(t.oid::text, jsonb_build_object(
    'oid', t.oid::bigint, 'schema', n.nspname, 'name', t.typname, 'sql', format_type(t.oid, NULL),
    'kind', t.typtype, 'category', t.typcategory, 'length', t.typlen, 'byValue', t.typbyval, 'align', t.typalign,
    'element', CASE WHEN t.typsubscript = 'array_subscript_handler'::regproc THEN t.typelem::bigint ELSE 0 END,
    'array', t.typarray::bigint, 'base', t.typbasetype::bigint, 'baseTypmod', t.typtypmod,
    'subtype', CASE t.typtype
      WHEN 'r' THEN (SELECT r.rngsubtype::bigint FROM pg_range r WHERE r.rngtypid = t.oid)
      WHEN 'm' THEN (SELECT r.rngtypid::bigint FROM pg_range r WHERE r.rngmultitypid = t.oid)
      ELSE 0 END,
    'labels', CASE WHEN t.typtype = 'e' THEN (
      SELECT coalesce(jsonb_object_agg(e.oid::text, e.enumlabel), '{}') FROM pg_enum e WHERE e.enumtypid = t.oid
    ) ELSE '{}' END,
    'attributes', CASE WHEN t.typtype = 'c' THEN (
      SELECT coalesce(jsonb_agg(CASE WHEN NOT a.attisdropped THEN jsonb_build_object(
        'name', a.attname, 'type', a.atttypid::bigint, 'typmod', a.atttypmod,
        'collation', a.attcollation::bigint) END ORDER BY a.attnum), '[]')
      FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0
    ) ELSE '[]' END,
    'equality', coalesce(e.equality, 0::oid)::bigint,
    'sortable', coalesce(e.sortable, false), 'hashable', coalesce(e.hashable, false),
    'output', format('%I.%I', po.nspname, o.proname), 'send', CASE WHEN s.oid IS NULL THEN '' ELSE format('%I.%I', ps.nspname, s.proname) END)
    -- Of those of the server the compiler knows.
    || CASE WHEN t.typtype = 'b' AND t.oid >= 16384 AND t.typsubscript <> 'array_subscript_handler'::regproc
      THEN jsonb_build_object('inputVolatility', i.provolatile, 'outputVolatility', o.provolatile)
      ELSE '{}' END
    || jsonb_strip_nulls(jsonb_build_object('castsFrom', (
      SELECT jsonb_agg(k.castsource::bigint ORDER BY k.castsource) FROM pg_cast k WHERE k.casttarget = t.oid AND k.oid >= 16384 AND k.castmethod <> 'i')))), '{}')
  FROM pg_type t
  JOIN pg_namespace n ON n.oid = t.typnamespace
  JOIN pg_proc i ON i.oid = t.typinput
  JOIN pg_proc o ON o.oid = t.typoutput
  JOIN pg_namespace po ON po.oid = o.pronamespace
  LEFT JOIN (pg_proc s JOIN pg_namespace ps ON ps.oid = s.pronamespace) ON s.oid = t.typsend
    -- Sent as text, to which it has no implicit cast.
    AND t.oid <> 'refcursor'::regtype
  LEFT JOIN pgstream._type_comparison(types) AS e ON e.type = t.oid
  WHERE t.oid = ANY (types));
END
$$;
