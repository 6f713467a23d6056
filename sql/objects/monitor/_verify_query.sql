-- The statement behind verify_stream_table, to run under search_path pg_catalog. `query`: pgstream._query_of_now.
CREATE OR REPLACE FUNCTION pgstream._verify_query(id bigint, query text) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  -- The columns as v1, v2, …, as text where they cannot be grouped by. (Each once: a statement has 1,664 columns at most.)
  vs text;
  grouped text;
  named text;
  same text;
  near text;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  WITH facts AS (
    SELECT i, u.c ->> 'name' AS name, format_type(t.oid, NULL) AS type, t.oid IN (700, 701) AS is_float,
      coalesce(f.equality <> 0 AND f.sortable, false) AS groups,
      -- IS DISTINCT FROM looks for its equality along the search_path.
      t.typnamespace = 'pg_catalog'::regnamespace OR t.typtype IN ('e', 'r', 'm', 'c') AS compares
    FROM jsonb_array_elements(target.columns) WITH ORDINALITY AS u(c, i)
    JOIN pg_type t ON t.oid = (u.c ->> 'type')::oid
    LEFT JOIN pgstream._type_comparison(pgstream._type_closure(ARRAY(
      SELECT DISTINCT (e.value ->> 'type')::oid FROM jsonb_array_elements(target.columns) AS e))) AS f ON f.type = t.oid
  )
  SELECT string_agg(format('v%s', i), ', ' ORDER BY i),
    string_agg(format(CASE WHEN groups THEN 'v%1$s' ELSE 'v%1$s::text AS v%1$s' END, i), ', ' ORDER BY i),
    string_agg(format(CASE WHEN groups THEN 'd.v%1$s AS %2$I' ELSE 'd.v%1$s::%3$s AS %2$I' END, i, name, type), ', ' ORDER BY i),
    string_agg(format(CASE WHEN compares THEN 'd.v%1$s IS NOT DISTINCT FROM e.v%1$s'
      ELSE 'd.v%1$s::text IS NOT DISTINCT FROM e.v%1$s::text' END, i), ' AND ' ORDER BY i) FILTER (WHERE NOT is_float),
    string_agg(format('(d.v%1$s IS NOT DISTINCT FROM e.v%1$s OR abs(d.v%1$s - e.v%1$s) <= 1e-9 * greatest(abs(d.v%1$s), abs(e.v%1$s)))', i),
      ' AND ' ORDER BY i) FILTER (WHERE is_float)
  INTO vs, grouped, named, same, near
  FROM facts;
  RETURN format($query$WITH difference AS MATERIALIZED (
  SELECT sum(w)::bigint AS weight, %1$s
  FROM (
    SELECT w, %2$s
    FROM (SELECT 1, t.* FROM %4$s AS t UNION ALL SELECT -1, q.* FROM (
%5$s
    ) AS q) AS both_sides(w, %1$s)
  ) AS rows
  GROUP BY %1$s
  HAVING sum(w) <> 0
)
SELECT d.weight, to_jsonb(r.*)
FROM difference AS d
CROSS JOIN LATERAL (SELECT %3$s) AS r%6$s$query$,
    vs, grouped, named, pgstream._qualified_name(target.pgs_relid), query,
    CASE WHEN near IS NULL THEN '' ELSE format(
      E'\nWHERE NOT EXISTS (SELECT FROM difference AS e WHERE e.weight = -d.weight AND %s AND %s)', coalesce(same, 'true'), near) END);
END
$$;
