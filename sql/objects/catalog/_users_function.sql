-- The user's function in which an error came about, by the context of the error; NULL when there is none.
CREATE OR REPLACE FUNCTION pgstream._users_function(context text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT f[1] FROM regexp_matches(context, E'^(?:SQL|PL/pgSQL) function "?([^"(\\n]+)', 'gn') AS f
  WHERE f[1] !~ E'^pgstream(_state|_changes)?\\.' LIMIT 1
$$;
