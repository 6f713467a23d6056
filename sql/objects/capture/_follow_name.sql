-- Notes the name and schema that a stream table has by now; its plan prints them.
CREATE OR REPLACE FUNCTION pgstream._follow_name(id bigint) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE pgstream.pgs_stream_tables s SET pgs_schema = n.nspname, pgs_name = c.relname, needs_replan = true
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE s.pgs_id = id AND c.oid = s.pgs_relid AND (n.nspname, c.relname) IS DISTINCT FROM (s.pgs_schema, s.pgs_name)
$$;
