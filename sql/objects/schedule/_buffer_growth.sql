-- About how many rows a change buffer holds: counted in a sample of its pages, and only where its size makes so many
-- possible (a row takes 48 bytes at least). Does not wait for whoever is making or dropping the buffer: no row then.
CREATE OR REPLACE FUNCTION pgstream._buffer_growth(source oid, threshold bigint)
RETURNS TABLE (schema_name name, table_name name, buffered bigint, bytes bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '20ms'
AS $$
DECLARE
  percent double precision;
BEGIN
  SELECT n.nspname, c.relname INTO schema_name, table_name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = source;
  bytes := pgstream._buffer_size(source);
  buffered := 0;
  IF bytes / 48 > threshold / 2 THEN
    percent := least(100, 100.0 * 64 * current_setting('block_size')::integer / bytes);
    EXECUTE format('SELECT (count(*) * 100 / %s)::bigint FROM %s TABLESAMPLE SYSTEM (%s)',
      percent::numeric(12, 6), pgstream._buffer_name(source), percent::numeric(12, 6)) INTO buffered;
  END IF;
  RETURN NEXT;
EXCEPTION WHEN lock_not_available OR undefined_table THEN
  RETURN;
END
$$;
