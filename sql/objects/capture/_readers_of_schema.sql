-- The stream tables that are in a schema, or whose plan names it: tables, views, functions, types, operators, collations.
CREATE OR REPLACE FUNCTION pgstream._readers_of_schema(schema oid) RETURNS SETOF bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.pgs_id FROM pgstream.pgs_stream_tables s
  WHERE s.pgs_relid IS NOT NULL AND (
    EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = schema AND c.oid = ANY (s.pgs_relid || s.relations || s.views))
    OR EXISTS (
      SELECT FROM unnest(s.uses) AS u,
        LATERAL (SELECT split_part(u, '/', 1)::oid AS class, split_part(u, '/', 2)::oid AS object) AS used
      WHERE schema = CASE used.class
        WHEN 'pg_proc'::regclass THEN (SELECT p.pronamespace FROM pg_proc p WHERE p.oid = used.object)
        WHEN 'pg_type'::regclass THEN (SELECT t.typnamespace FROM pg_type t WHERE t.oid = used.object)
        WHEN 'pg_operator'::regclass THEN (SELECT o.oprnamespace FROM pg_operator o WHERE o.oid = used.object)
        WHEN 'pg_class'::regclass THEN (SELECT c.relnamespace FROM pg_class c WHERE c.oid = used.object)
        WHEN 'pg_ts_config'::regclass THEN (SELECT c.cfgnamespace FROM pg_ts_config c WHERE c.oid = used.object)
        WHEN 'pg_ts_dict'::regclass THEN (SELECT d.dictnamespace FROM pg_ts_dict d WHERE d.oid = used.object)
        WHEN 'pg_collation'::regclass THEN (SELECT k.collnamespace FROM pg_collation k WHERE k.oid = used.object) END))
$$;
