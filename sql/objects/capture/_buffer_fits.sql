-- Has the change buffer of `source` these columns, in the types that they have now?
CREATE OR REPLACE FUNCTION pgstream._buffer_fits(source oid, columns smallint[]) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT NOT EXISTS (
    SELECT FROM unnest(columns) AS u(attnum)
    JOIN pg_attribute a ON a.attrelid = source AND a.attnum = u.attnum AND NOT a.attisdropped
    LEFT JOIN pg_attribute b ON b.attrelid = to_regclass(pgstream._buffer_name(source)) AND b.attname = 'c' || u.attnum
      AND NOT b.attisdropped
    WHERE b.attnum IS NULL OR (a.atttypid, a.atttypmod, a.attcollation) <> (b.atttypid, b.atttypmod, b.attcollation)
      AND pgstream._buffer_type(a.atttypid, a.atttypmod, a.attcollation) <> pgstream._buffer_type(b.atttypid, b.atttypmod, b.attcollation))
$$;
