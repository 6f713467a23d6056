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
        LATERAL (SELECT split_part(u, '/', 1) AS catalog, split_part(u, '/', 2)::oid AS object) AS used
      WHERE schema = CASE used.catalog
        WHEN 'pg_proc' THEN (SELECT p.pronamespace FROM pg_proc p WHERE p.oid = object)
        WHEN 'pg_type' THEN (SELECT t.typnamespace FROM pg_type t WHERE t.oid = object)
        WHEN 'pg_operator' THEN (SELECT o.oprnamespace FROM pg_operator o WHERE o.oid = object)
        WHEN 'pg_collation' THEN (SELECT k.collnamespace FROM pg_collation k WHERE k.oid = object) END))
$$;
