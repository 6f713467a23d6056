-- The setting pg_stream.enabled; on unless said otherwise. What ALTER DATABASE … SET says counts at once, for schedulers
-- that are connected already too.
CREATE OR REPLACE FUNCTION pgstream._is_switched_on() RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pgstream._setting('pg_stream.enabled', given => (
    SELECT substr(c, length('pg_stream.enabled=') + 1)
    FROM pg_db_role_setting s, unnest(s.setconfig) AS c
    WHERE s.setdatabase = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AND s.setrole = 0
      AND c LIKE 'pg_stream.enabled=%'))::boolean
$$;
