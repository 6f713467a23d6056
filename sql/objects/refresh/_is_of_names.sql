-- Errors of names that are not there: of a table, column, function, schema, or of anything else; or that mean something else by now
-- (pgstream._refuse_overtaken).
CREATE OR REPLACE FUNCTION pgstream._is_of_names(state text) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT state IN ('42P01', '42703', '42883', '3F000', '42704', 'PGS03')
$$;
