-- How the capture functions of a source pack what they read of a row `n`: per captured column the value, cast to the type
-- that the arrays are made of; that type; and whether a value of it can be large. NULL when a column cannot be packed:
-- then the changes of this source are written row by row.
CREATE OR REPLACE FUNCTION pgstream._packed_columns(source oid, columns smallint[], OUT names text[], OUT reads text[], OUT types text[], OUT large text[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
  SELECT array_agg(quote_ident(p.attname) ORDER BY u.i), array_agg(format('(%s)::%s', u.expression, e.name) ORDER BY u.i), array_agg(e.name ORDER BY u.i),
    array_agg(u.expression ORDER BY u.i) FILTER (WHERE t.typlen = -1 AND t.oid <> ALL ('{numeric,inet,cidr}'::regtype[]))
  FROM unnest(columns, pgstream._capture_expressions(source, columns)) WITH ORDINALITY AS u(attnum, expression, i)
  LEFT JOIN pg_attribute p ON p.attrelid = to_regclass(pgstream._buffer_name(source)) AND p.attname = 'p' || u.attnum
    AND NOT p.attisdropped
  LEFT JOIN pg_type a ON a.oid = p.atttypid
  LEFT JOIN pg_type t ON t.oid = a.typelem
  CROSS JOIN LATERAL (SELECT format('%I.%I', n.nspname, t.typname) FROM pg_namespace n WHERE n.oid = t.typnamespace) AS e(name)
  HAVING count(*) = cardinality(columns) AND cardinality(columns) > 0
$$;
