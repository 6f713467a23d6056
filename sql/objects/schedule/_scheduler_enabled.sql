-- The setting pg_stream.enabled; on unless said otherwise.
CREATE OR REPLACE FUNCTION pgstream._scheduler_enabled() RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(nullif(current_setting('pg_stream.enabled', true), '')::boolean, true)
$$;
