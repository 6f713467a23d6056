-- A query without its comments; good enough to see what it begins with, and whether anything is left.
CREATE OR REPLACE FUNCTION pgstream._without_comments(query text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT regexp_replace(regexp_replace(query, E'/\\*.*?\\*/', ' ', 'g'), E'--[^\\n]*', ' ', 'g') $$;
