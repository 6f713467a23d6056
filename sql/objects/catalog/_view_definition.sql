-- The text of a view, as it is kept of a stream table's query (pgstream._compile_request).
CREATE OR REPLACE FUNCTION pgstream._view_definition(view oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$ SELECT rtrim(pg_get_viewdef(view), E'; \n') $$;
