-- See pgstream.list_sources. A recomputed stream table has its columns from the lineage alone.
CREATE OR REPLACE FUNCTION pgstream._list_sources(id bigint)
RETURNS TABLE (source_table text, source_oid oid, source_type text, cdc_mode text, columns_used text[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(pgstream._qualified_name(d.source_relid), 'dropped table ' || d.source_relid), d.source_relid,
    CASE WHEN d.is_stream_table THEN 'STREAM_TABLE' ELSE CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED_TABLE'
      WHEN 'f' THEN 'FOREIGN_TABLE' WHEN 'm' THEN 'MATERIALIZED_VIEW' WHEN 'v' THEN 'VIEW' ELSE 'OTHER' END END,
    CASE WHEN d.is_captured THEN coalesce(t.mode, 'MISSING') ELSE 'NONE' END,
    ARRAY(
      SELECT a.attname::text FROM pg_attribute a
      WHERE a.attrelid = d.source_relid AND NOT a.attisdropped AND (a.attnum = ANY (d.columns) OR a.attnum IN (
        SELECT (l ->> 'attnum')::smallint FROM jsonb_array_elements(s.plan -> 'lineage') AS l
        WHERE NOT d.is_captured AND (l ->> 'relation')::oid = d.source_relid))
      ORDER BY a.attnum)
  FROM pgstream.pgs_dependencies d
  JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  LEFT JOIN pg_class c ON c.oid = d.source_relid
  LEFT JOIN pgstream.pgs_change_tracking t USING (source_relid)
  WHERE d.pgs_id = id
  ORDER BY 1
$$;
