-- Clean when some buffer has grown beyond 64 pages: below that, reading past what is consumed costs nothing.
CREATE OR REPLACE FUNCTION pgstream._cleaning_due() RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM pgstream.pgs_change_tracking t WHERE pgstream._buffer_size(t.source_relid) > 64 * 8192)
$$;
