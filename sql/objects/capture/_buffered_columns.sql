-- Those of the given columns of `source` that its change buffer has.
CREATE OR REPLACE FUNCTION pgstream._buffered_columns(source oid, columns smallint[]) RETURNS smallint[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY(
    SELECT u.attnum FROM unnest(columns) WITH ORDINALITY AS u(attnum, i)
    JOIN pg_attribute b ON b.attrelid = to_regclass(pgstream._buffer_name(source)) AND b.attname = 'c' || u.attnum
      AND NOT b.attisdropped
    ORDER BY u.i)
$$;
