-- Quoted and always schema-qualified name of a relation, whatever the search_path; NULL when it does not exist.
CREATE OR REPLACE FUNCTION pgstream._qualified_name(relation oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%I.%I', n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = relation
$$;
