-- Brings a stream table up to date in the caller's transaction; returns what was done: NO_DATA, FULL, DIFFERENTIAL,
-- REINITIALIZE or SKIP.
CREATE OR REPLACE FUNCTION pgstream.refresh_stream_table(name text) RETURNS text
LANGUAGE sql
AS $$ SELECT pgstream._ask(pgstream._stream_table_id(name), 'refresh') $$;
