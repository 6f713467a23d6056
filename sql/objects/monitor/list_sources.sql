-- What a stream table reads: each table, what kind it is, how its changes are captured (NONE when they are not), and which of
-- its columns are used.
CREATE OR REPLACE FUNCTION pgstream.list_sources(name text)
RETURNS TABLE (source_table text, source_oid oid, source_type text, cdc_mode text, columns_used text[])
LANGUAGE sql STABLE
AS $$ SELECT * FROM pgstream._list_sources(pgstream._stream_table_id(name)) $$;
