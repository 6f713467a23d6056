-- Is this DDL our own? Everybody can set the setting, but our functions alone run as who owns them.
CREATE OR REPLACE FUNCTION pgstream._is_internal() RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(current_setting('pg_stream.internal', true), '') IN ('on', 'seen')
    AND current_user = (SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace n WHERE n.nspname = 'pgstream')
$$;
