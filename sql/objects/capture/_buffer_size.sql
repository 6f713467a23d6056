-- Bytes in a change buffer, both parts.
CREATE OR REPLACE FUNCTION pgstream._buffer_size(source oid) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pg_relation_size((pgstream._buffer_name(source) || '_small')::regclass)
    + pg_relation_size((pgstream._buffer_name(source) || '_bulk')::regclass)
$$;
