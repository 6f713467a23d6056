-- The statement behind verify_stream_table.
CREATE OR REPLACE FUNCTION pgstream._verify_query(id bigint) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  names text;
  labels text;
  groups text;
  kept text;
  same text;
  near text;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  IF NOT target.is_populated THEN
    RAISE EXCEPTION 'stream table "%" has not been filled yet', target.pgs_name
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT pgstream.refresh_stream_table(…) fills it.';
  END IF;
  SELECT string_agg('v' || i, ', ' ORDER BY i),
    string_agg(format('d.v%s AS %I', i, c ->> 'name'), ', ' ORDER BY i),
    string_agg('g' || i, ', ' ORDER BY i),
    string_agg(CASE WHEN f.equality <> 0 AND (f.sortable OR f.hashable) THEN format('v%1$s AS g%1$s', i) ELSE format('v%1$s::pg_catalog.text AS g%1$s', i) END, ', ' ORDER BY i),
    string_agg(format('d.g%1$s IS NOT DISTINCT FROM e.g%1$s', i), ' AND ' ORDER BY i) FILTER (WHERE (c ->> 'type')::oid NOT IN (700, 701)),
    string_agg(format('(d.v%1$s IS NOT DISTINCT FROM e.v%1$s OR pg_catalog.abs(d.v%1$s OPERATOR(pg_catalog.-) e.v%1$s) '
      'OPERATOR(pg_catalog.<=) 1e-9::pg_catalog.float8 OPERATOR(pg_catalog.*) GREATEST(pg_catalog.abs(d.v%1$s), pg_catalog.abs(e.v%1$s), 1e-300::pg_catalog.float8))', i), ' AND ' ORDER BY i)
      FILTER (WHERE (c ->> 'type')::oid IN (700, 701))
  INTO names, labels, groups, kept, same, near
  FROM jsonb_array_elements(target.columns) WITH ORDINALITY AS u(c, i)
  LEFT JOIN pgstream._type_comparison(ARRAY(SELECT (c ->> 'type')::oid FROM jsonb_array_elements(target.columns) AS c)) AS f
    ON f.type = (u.c ->> 'type')::oid;
  -- IS NOT DISTINCT FROM needs an equality in sight of the search_path; types from elsewhere are compared by their text.
  RETURN format($q$
    WITH difference AS MATERIALIZED (
      SELECT pg_catalog.sum(w)::pg_catalog.int8 AS weight, %3$s, %9$s
      FROM (
        SELECT w, %4$s, %1$s
        FROM (SELECT 1 AS w, t.* FROM %5$s AS t UNION ALL SELECT -1, q.* FROM (%6$s) AS q) AS both_sides(w, %1$s)
      ) AS grouped
      GROUP BY %3$s HAVING pg_catalog.sum(w) OPERATOR(pg_catalog.<>) 0
    )
    SELECT d.weight, pg_catalog.to_jsonb(r)
    FROM difference AS d CROSS JOIN LATERAL (SELECT %2$s) AS r %7$s$q$,
    names, labels, groups, kept, format('%I.%I', target.pgs_schema, target.pgs_name), target.plan ->> 'query',
    CASE WHEN near IS NULL THEN '' ELSE format('WHERE NOT EXISTS (SELECT FROM difference AS e
      WHERE e.weight OPERATOR(pg_catalog.=) (OPERATOR(pg_catalog.-) d.weight) AND %s AND %s)', coalesce(same, 'true'), near) END, '',
    (SELECT string_agg(format('(pg_catalog.array_agg(v%1$s))[1] AS v%1$s', i), ', ')
      FROM generate_series(1, jsonb_array_length(target.columns)) AS i));
END
$$;
