-- The types of the attributes of each composite type among what a query uses (pgs_stream_tables.uses), dropped ones as
-- null. A stored row keeps the attributes that it was written with, and is read, compared and hashed by those that its
-- type has now: an index that was built before then finds other rows.
CREATE OR REPLACE FUNCTION pgstream._row_shapes(uses text[]) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(jsonb_object_agg(t.oid::text, (
    SELECT coalesce(jsonb_agg(CASE WHEN NOT a.attisdropped THEN a.atttypid::bigint END ORDER BY a.attnum), '[]')
    FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0)), '{}')
  FROM unnest(uses) AS u
  JOIN pg_type t ON t.oid = split_part(u, '/', 2)::oid
  WHERE split_part(u, '/', 1)::oid = 'pg_type'::regclass AND t.typtype = 'c'
$$;
