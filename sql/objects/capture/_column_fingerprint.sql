-- What a plan that recomputes relies on of a source: its name, and names and types of the columns that it reads.
CREATE OR REPLACE FUNCTION pgstream._column_fingerprint(source oid, columns smallint[]) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object(
    'name', pgstream._qualified_name(source),
    'names', coalesce(jsonb_object_agg(a.attnum, a.attname) FILTER (WHERE a.attnum IS NOT NULL), '{}'),
    'types', coalesce(jsonb_object_agg(a.attnum, concat_ws('/', a.atttypid, a.atttypmod, a.attcollation)) FILTER (WHERE a.attnum IS NOT NULL), '{}'))
  FROM (VALUES (1)) AS one LEFT JOIN pg_attribute a ON a.attrelid = source AND a.attnum = ANY (columns) AND NOT a.attisdropped
$$;
