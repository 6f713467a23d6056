-- Bytes in a change buffer, all parts, arrays that are stored out of line included.
CREATE OR REPLACE FUNCTION pgstream._buffer_size(source oid) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pg_relation_size((pgstream._buffer_name(source) || '_small')::regclass)
    + pg_relation_size((pgstream._buffer_name(source) || '_bulk')::regclass)
    + (SELECT pg_relation_size(c.oid) + CASE c.reltoastrelid WHEN 0 THEN 0 ELSE pg_relation_size(c.reltoastrelid) END
       FROM pg_class c WHERE c.oid = (pgstream._buffer_name(source) || '_packed')::regclass)
$$;
