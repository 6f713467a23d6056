-- SQL that creates the stream table again, elsewhere or after a restore.
CREATE OR REPLACE FUNCTION pgstream.export_definition(name text) RETURNS text
LANGUAGE sql STABLE
AS $$
  SELECT pg_catalog.format(
    E'SELECT pg_catalog.set_config(''search_path'', %L, false);\nSELECT pgstream.create_stream_table(\n  name => %L,\n  query => %L,\n  schedule => %L,\n  refresh_mode => %L%s\n);\n%sRESET search_path;\n',
    s.defining_search_path, pg_catalog.format('%I.%I', s.pgs_schema, s.pgs_name), s.defining_query,
    coalesce(s.schedule, 'calculated'), s.refresh_mode,
    CASE WHEN s.consistency_group IS NULL THEN '' ELSE pg_catalog.format(E',\n  consistency_group => %L', s.consistency_group) END,
    CASE WHEN s.cdc_mode OPERATOR(pg_catalog.<>) 'auto' THEN
      pg_catalog.format(E'SELECT pgstream.alter_stream_table(%L, cdc_mode => %L);\n', pg_catalog.format('%I.%I', s.pgs_schema, s.pgs_name), s.cdc_mode)
    ELSE '' END)
  FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) pgstream._stream_table_id(name)
$$;
