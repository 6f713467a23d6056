-- The change buffer of a source table.
CREATE OR REPLACE FUNCTION pgstream._buffer_name(source oid) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$ SELECT pg_catalog.format('pgstream_changes.changes_%s', source) $$;
