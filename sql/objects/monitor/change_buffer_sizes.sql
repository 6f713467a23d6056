-- What waits to be consumed: one line per stream table and captured source. Looks into every change buffer that is not
-- empty, which takes a fifth of a second for 1,000 stream tables.
CREATE OR REPLACE FUNCTION pgstream.change_buffer_sizes()
RETURNS TABLE (
  stream_table text, source_table text, source_oid oid, cdc_mode text, pending_rows bigint, buffer_bytes bigint
)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%I.%I', s.pgs_schema, s.pgs_name), c.label, p.source, t.mode, p.pending, b.bytes
  FROM pgstream._pending_changes() AS p
  JOIN pgstream.pgs_stream_tables s ON s.pgs_id = p.id
  JOIN pgstream.pgs_change_tracking t ON t.source_relid = p.source
  LEFT JOIN pgstream._relation_names c ON c.relid = p.source
  LEFT JOIN pgstream._buffer_bytes AS b USING (source_relid)
  ORDER BY 1, 2
$$;
