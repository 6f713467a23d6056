-- See pgstream.list_sources. What is compared is named, not its copy. A recomputed stream table has its columns from the lineage alone.
CREATE OR REPLACE FUNCTION pgstream._list_sources(id bigint)
RETURNS TABLE (source_table text, source_oid oid, source_type text, cdc_mode text, columns_used text[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(pgstream._qualified_name(r.oid), 'dropped table ' || r.oid), r.oid,
    CASE WHEN d.is_stream_table AND r.oid = d.source_relid THEN 'STREAM_TABLE' ELSE CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED_TABLE'
      WHEN 'f' THEN 'FOREIGN_TABLE' WHEN 'm' THEN 'MATERIALIZED_VIEW' WHEN 'v' THEN 'VIEW' ELSE 'OTHER' END END,
    CASE WHEN r.oid <> d.source_relid OR s.is_copy THEN 'COMPARED' WHEN d.is_captured THEN coalesce(t.mode, 'MISSING') ELSE 'NONE' END,
    ARRAY(
      SELECT a.attname::text FROM pg_attribute a
      WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attnum = ANY (d.columns) AND r.oid = d.source_relid OR a.attnum IN (
        SELECT (l ->> 'attnum')::smallint FROM jsonb_array_elements(s.plan -> 'lineage') AS l
        WHERE (NOT d.is_captured OR r.oid <> d.source_relid) AND (l ->> 'relation')::oid = r.oid))
      ORDER BY a.attnum)
  FROM pgstream.pgs_dependencies d
  JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  LEFT JOIN pgstream.pgs_stream_tables copy ON copy.pgs_relid = d.source_relid AND copy.is_copy
  CROSS JOIN LATERAL (
    SELECT CASE WHEN copy.relations[1] = ANY (s.relations) AND d.source_relid <> ALL (s.relations) THEN copy.relations[1] ELSE d.source_relid END
  ) AS r(oid)
  LEFT JOIN pg_class c ON c.oid = r.oid
  LEFT JOIN pgstream.pgs_change_tracking t USING (source_relid)
  WHERE d.pgs_id = id
  ORDER BY 1
$$;
