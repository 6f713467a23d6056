-- Runs DDL that makes a state table or an index: things of pg_stream's own, which a setting of the session has no say in.
CREATE OR REPLACE FUNCTION pgstream._make_own(ddl text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET default_tablespace = ''
SET default_table_access_method = 'heap'
AS $$
BEGIN
  EXECUTE ddl;
END
$$;
