-- The text of a view, as it is kept of a stream table's query (pgstream._compile_request): its texts without escapes,
-- and its constants in styles that are read alike under any (not all that PostgreSQL writes it reads again: German dates).
CREATE OR REPLACE FUNCTION pgstream._view_definition(view oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET DateStyle = ISO
SET IntervalStyle = postgres
SET extra_float_digits = 1
SET standard_conforming_strings = on
SET quote_all_identifiers = off
AS $$ SELECT rtrim(pg_get_viewdef(view), E'; \n') $$;
