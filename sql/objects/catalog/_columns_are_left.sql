-- Has a stream table no other columns than those of its query, as when it lost some to DROP TYPE … CASCADE?
CREATE OR REPLACE FUNCTION pgstream._columns_are_left(relation oid, columns jsonb) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT NOT EXISTS (
    SELECT FROM pg_attribute a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND (a.attidentity <> '' OR a.attgenerated <> '' OR NOT EXISTS (
      SELECT FROM jsonb_array_elements(columns) AS c
      WHERE c ->> 'name' = a.attname AND (c ->> 'type')::oid = a.atttypid AND (c ->> 'typmod')::integer = a.atttypmod
        AND (c ->> 'collation')::oid = a.attcollation)))
$$;
