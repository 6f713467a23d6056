-- The row security of a change buffer: who may read a source may read its changes, as long as that holds. It refuses
-- instead of hiding rows, which a refresh would take for consumed.
CREATE OR REPLACE FUNCTION pgstream._may_read(source oid) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  buffer oid;
BEGIN
  IF has_table_privilege(source, 'SELECT') AND NOT row_security_active(source) THEN
    RETURN true;
  END IF;
  buffer := to_regclass(pgstream._buffer_name(source));
  IF row_security_active(source) OR EXISTS (
    SELECT FROM pg_attribute b
    WHERE b.attrelid = buffer AND b.attname ~ '^[cp][0-9]+$' AND NOT b.attisdropped
      AND has_column_privilege(buffer, b.attnum, 'SELECT') AND NOT has_column_privilege(source, substr(b.attname, 2)::smallint, 'SELECT'))
  THEN
    RAISE EXCEPTION 'permission denied for the changes of %', coalesce(pgstream._qualified_name(source), source::text)
      USING ERRCODE = 'insufficient_privilege', DETAIL = 'They may be read by who may SELECT from the table itself.';
  END IF;
  RETURN true;
END
$$;
