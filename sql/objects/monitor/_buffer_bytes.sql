-- Bytes in a change buffer, for everybody; does not wait for whoever is making or dropping it.
CREATE OR REPLACE FUNCTION pgstream._buffer_bytes(source oid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '20ms'
AS $$
BEGIN
  RETURN pgstream._buffer_size(source);
EXCEPTION WHEN lock_not_available OR undefined_table THEN
  RETURN NULL;
END
$$;
