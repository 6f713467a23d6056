-- See pgstream.stream_table_lineage. The plan has it by numbers, so names are those of today.
CREATE OR REPLACE FUNCTION pgstream._stream_table_lineage(id bigint)
RETURNS TABLE (column_name text, source_table text, source_column text, kind text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH target AS MATERIALIZED (SELECT s.columns, s.plan -> 'lineage' AS lineage FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id),
  entries AS (
    SELECT (l ->> 'column')::integer AS i, (l ->> 'relation')::oid AS relation, (l ->> 'attnum')::integer AS attnum, l ->> 'kind' AS kind
    FROM target, jsonb_array_elements(target.lineage) AS l)
  SELECT c.value ->> 'name', pgstream._qualified_name(e.relation), coalesce(a.attname::text, CASE WHEN e.attnum = 0 THEN '*' END),
    coalesce(e.kind, 'computed')
  FROM target
  CROSS JOIN LATERAL (
    SELECT * FROM jsonb_array_elements(target.columns) WITH ORDINALITY AS u(value, i)
    UNION ALL SELECT NULL, 0 WHERE EXISTS (SELECT FROM entries WHERE entries.i = 0)) AS c(value, i)
  LEFT JOIN entries e ON e.i = c.i
  LEFT JOIN pg_attribute a ON a.attrelid = e.relation AND a.attnum = e.attnum AND a.attnum > 0
  WHERE target.lineage IS NOT NULL
  ORDER BY c.i = 0, c.i, 2, e.attnum
$$;
