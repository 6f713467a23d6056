-- requires: monitor/_lacking_indexes
-- See pgstream.recommend_indexes. Where this or another stream table asks for an index that begins with the same columns,
-- that one serves both.
CREATE OR REPLACE FUNCTION pgstream._recommend_indexes(id bigint)
RETURNS TABLE (source_table text, columns text[], reason text, statement text, table_bytes bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT DISTINCT ON (5, 1, 2, w.is_turned, m.method) pgstream._qualified_name(c.oid), k.names,
    CASE m.purpose WHEN 'join' THEN 'without it the table is read whole when another source changes'
      WHEN 'time' THEN 'without it the table is read whole whenever time has passed'
      WHEN 'bound' THEN 'without it all rows are compared again when what they are compared with changes'
      WHEN 'order' THEN format('without it %s is read whole for its first rows',
        CASE WHEN jsonb_array_length(m.columns) > 1 THEN 'a group' ELSE 'the table' END)
      WHEN 'near' THEN 'without it all rows of a touched partition are computed anew, instead of those near the change or behind it'
      ELSE 'without it the table is read whole when a group must be computed anew' END,
    format('CREATE INDEX %sON %s (%s)', CASE c.relkind WHEN 'p' THEN '' ELSE 'CONCURRENTLY ' END, pgstream._qualified_name(c.oid) || coalesce(' USING ' || m.method, ''),
      (SELECT string_agg(CASE WHEN m.expressions IS NULL THEN quote_ident(n) ELSE format('(%s)', n) END, ', ' ORDER BY i)
        FROM unnest(k.names) WITH ORDINALITY AS u(n, i))
        || CASE WHEN w.is_turned THEN ' DESC NULLS LAST' ELSE '' END),
    CASE c.relkind WHEN 'p' THEN (SELECT coalesce(sum(pg_table_size(p.relid)), 0)::bigint FROM pg_partition_tree(c.oid) AS p WHERE p.isleaf)
      ELSE pg_table_size(c.oid) END
  FROM pgstream._lacking_indexes m
  JOIN pg_class c ON c.oid = m.relation
  CROSS JOIN LATERAL (
    SELECT wide.columns, wide.is_turned
    FROM (
      SELECT o -> 'columns' AS columns, coalesce((o -> 'isTurned')::boolean, false) AS is_turned, jsonb_array_length(o -> 'columns') AS length
      FROM pgstream.pgs_stream_tables t CROSS JOIN LATERAL jsonb_array_elements(t.missing_indexes) AS o
      WHERE (o ->> 'relation')::oid = m.relation AND jsonb_array_length(o -> 'columns') > jsonb_array_length(m.columns)
        AND m.method IS NULL AND NOT m.is_turned AND m.expressions IS NULL AND o -> 'expressions' IS NULL AND o -> 'method' IS NULL AND m.columns = (
          SELECT jsonb_agg(u.attnum ORDER BY u.i) FROM jsonb_array_elements(o -> 'columns') WITH ORDINALITY AS u(attnum, i)
          WHERE u.i <= jsonb_array_length(m.columns))
      UNION ALL
      SELECT m.columns, m.is_turned, 0
    ) AS wide
    ORDER BY wide.length DESC, wide.columns, wide.is_turned DESC LIMIT 1) AS w
  CROSS JOIN LATERAL (
    SELECT CASE WHEN m.expressions IS NULL THEN array_agg(a.attname::text ORDER BY u.i)
      ELSE ARRAY(SELECT jsonb_array_elements_text(m.expressions)) END
    FROM jsonb_array_elements_text(w.columns) WITH ORDINALITY AS u(attnum, i)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum::smallint AND NOT a.attisdropped) AS k(names)
  WHERE m.pgs_id = id
  ORDER BY 5 DESC, 1, 2, w.is_turned, m.method, m.purpose DESC
$$;
