-- Clean when a buffer has grown beyond 64 pages: below that, reading past what is consumed costs nothing. Does not wait for
-- whoever is making or dropping the buffer; the next pass asks again.
CREATE OR REPLACE FUNCTION pgstream._cleaning_due(source oid) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '20ms'
AS $$
BEGIN
  RETURN pgstream._buffer_size(source) > 64 * 8192;
EXCEPTION WHEN lock_not_available OR undefined_table THEN
  RETURN false;
END
$$;
