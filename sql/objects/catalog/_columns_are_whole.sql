-- Has a stream table the columns of its query, and no others?
CREATE OR REPLACE FUNCTION pgstream._columns_are_whole(relation oid, columns jsonb) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY(SELECT format('%s %s %s %s%s%s', a.attname, a.atttypid::bigint, a.atttypmod, a.attcollation::bigint, a.attidentity, a.attgenerated) FROM pg_attribute a
      WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
    = ARRAY(SELECT format('%s %s %s %s', c ->> 'name', c ->> 'type', c ->> 'typmod', c ->> 'collation') FROM jsonb_array_elements(columns) WITH ORDINALITY AS u(c, i) ORDER BY i)
$$;
