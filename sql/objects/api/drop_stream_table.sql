-- Drops a stream table and everything made for it; with cascade also what depends on it, stream tables included.
CREATE OR REPLACE FUNCTION pgstream.drop_stream_table(name text, cascade boolean DEFAULT false) RETURNS void
LANGUAGE sql
AS $$ SELECT pgstream._drop_stream_table(pgstream._stream_table_id(name), cascade) $$;
