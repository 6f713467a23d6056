-- What the capture functions read of a row `n`: one expression per captured column, by its present name. A virtual
-- generated column is not stored in transition tables: its expression is spelled out; the server sees to it that it is made
-- of built-in functions and types only. Nor is a stored one in the transition table of a partitioned table, for rows
-- inserted through it into a partition that numbers its columns differently (ExecPrepareTupleRouting keeps the tuple of
-- before the routing): it is computed again, unless there is something of the user's in it
-- (pgstream._generation_obstacle), which must never run with the rights of a capture function. A column that is gone or
-- has changed its type reads as NULL, so that writers go on; its readers are marked (pgstream._recheck_source).
CREATE OR REPLACE FUNCTION pgstream._capture_expressions(source oid, columns smallint[]) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
-- Of what is printed, a date in this style means the same everywhere; the rest is read under the same settings.
SET DateStyle = ISO
SET IntervalStyle = postgres
SET extra_float_digits = 1
SET standard_conforming_strings = on
SET quote_all_identifiers = off
AS $$
  SELECT coalesce(array_agg(
    CASE
      -- See pgstream._generate_capture.
      WHEN u.attnum = -6 THEN format('(CASE WHEN TG_RELID OPERATOR(pg_catalog.=) %1$s AND (TG_LEVEL OPERATOR(pg_catalog.=) ''ROW'' '
        'OR TG_OP OPERATOR(pg_catalog.=) ''INSERT'') THEN %1$s ELSE 0 END)::pg_catalog.oid', source)
      WHEN a.attnum IS NULL OR (a.atttypid, a.atttypmod, a.attcollation) <> (b.atttypid, b.atttypmod, b.attcollation)
          AND pgstream._buffer_type(a.atttypid, a.atttypmod, a.attcollation) <> pgstream._buffer_type(b.atttypid, b.atttypmod, b.attcollation)
        THEN format('NULL::%s', CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN 'pg_catalog.' || quote_ident(t.typname)
          ELSE format_type(b.atttypid, -1) END)
      WHEN a.attgenerated = 'v' THEN format('(%s)', pg_get_expr(d.adbin, d.adrelid))
      WHEN a.attgenerated = 's' AND layout.differs THEN CASE
        WHEN pgstream._generation_obstacle(source, ARRAY[a.attnum]) IS NOT NULL THEN format('n.%I', a.attname)
        ELSE format('coalesce(n.%I, %s)', a.attname, pg_get_expr(d.adbin, d.adrelid)) END
      ELSE format('n.%I', a.attname) END
    ORDER BY u.i), '{}')
  FROM unnest(columns) WITH ORDINALITY AS u(attnum, i)
  JOIN pg_attribute b ON b.attrelid = to_regclass(pgstream._buffer_name(source)) AND b.attname = 'c' || u.attnum
    AND NOT b.attisdropped
  JOIN pg_type t ON t.oid = b.atttypid
  LEFT JOIN pg_attribute a ON a.attrelid = source AND a.attnum = u.attnum AND NOT a.attisdropped
  CROSS JOIN (SELECT pgstream._numbers_differ(source)) AS layout(differs)
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
$$;
