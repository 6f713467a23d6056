-- What a compile request says of all rows of the relations that it names: NOT NULL and keys, by the numbers of columns.
CREATE OR REPLACE FUNCTION pgstream._request_facts(request jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(jsonb_object_agg(r.key, (
    SELECT coalesce(jsonb_agg(f.fact), '[]')
    FROM (
      SELECT format('not null %s', c ->> 'attnum') AS fact FROM jsonb_array_elements(r.value -> 'columns') AS c WHERE (c ->> 'notNull')::boolean
      UNION ALL
      SELECT format('key %s%s', k ->> 'columns', s.words)
      FROM jsonb_array_elements(r.value -> 'keys') AS k CROSS JOIN (VALUES (''), (' nulls not distinct')) AS s(words)
      WHERE s.words = '' OR (k ->> 'nullsNotDistinct')::boolean) AS f)), '{}')
  FROM jsonb_each(request -> 'relations') AS r
$$;
