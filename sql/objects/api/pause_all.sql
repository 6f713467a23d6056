-- Suspends every stream table of yours that is not suspended or broken already, and returns how many. For a superuser, and
-- for the role that installed pg_stream if that is one, these are all stream tables.
CREATE OR REPLACE FUNCTION pgstream.pause_all() RETURNS bigint
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pgstream._check_home();
  SELECT pgstream._ask_each(coalesce(array_agg(s.pgs_id), '{}'), 'pause')
  FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
  WHERE s.status IN ('INITIALIZING', 'ACTIVE') AND pg_has_role(c.relowner, 'USAGE')
$$;
