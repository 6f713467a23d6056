-- About how many rows a change buffer holds: those that are packed as they say, the others in a sample of their pages,
-- and only where their size makes so many possible (a row takes 48 bytes at least). Does not wait for whoever is making
-- or dropping the buffer: no row then.
CREATE OR REPLACE FUNCTION pgstream._buffer_growth(source oid, threshold bigint)
RETURNS TABLE (schema_name name, table_name name, buffered bigint, bytes bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '20ms'
AS $$
DECLARE
  percent double precision;
  unpacked bigint;
BEGIN
  SELECT n.nspname, c.relname INTO schema_name, table_name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = source;
  bytes := pgstream._buffer_size(source);
  EXECUTE format('SELECT coalesce(sum(n), 0)::bigint FROM %s WHERE part = ''p''', pgstream._buffer_name(source)) INTO buffered;
  unpacked := pg_relation_size((pgstream._buffer_name(source) || '_small')::regclass)
    + pg_relation_size((pgstream._buffer_name(source) || '_bulk')::regclass);
  IF unpacked / 48 > threshold / 2 THEN
    percent := least(100, 100.0 * 64 * current_setting('block_size')::integer / unpacked);
    EXECUTE format('SELECT $1 + (count(*) * 100 / %s)::bigint FROM %s TABLESAMPLE SYSTEM (%s) WHERE part <> ''p''',
      percent::numeric(12, 6), pgstream._buffer_name(source), percent::numeric(12, 6)) INTO buffered USING buffered;
  END IF;
  RETURN NEXT;
EXCEPTION WHEN lock_not_available OR undefined_table THEN
  RETURN;
END
$$;
