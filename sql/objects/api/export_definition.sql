-- SQL that creates the stream table again, elsewhere.
CREATE OR REPLACE FUNCTION pgstream.export_definition(name text) RETURNS text
LANGUAGE sql STABLE
AS $$
  SELECT pgstream._definition(s) FROM pgstream.pgs_stream_tables s
  WHERE s.pgs_id OPERATOR(pg_catalog.=) pgstream._stream_table_id(name)
$$;
