-- The sequence that counts the statements whose changes of a source were captured: whether something may have changed is
-- asked of it, for all sources at once, before any buffer is looked into (pgstream._movements).
CREATE OR REPLACE FUNCTION pgstream._counter_name(source oid) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$ SELECT pg_catalog.format('pgstream_changes.counter_%s', source) $$;
