-- The values that one field of a cron expression allows, ascending. The field is valid (pgstream._check_cron).
CREATE OR REPLACE FUNCTION pgstream._cron_values(field text, low integer, high integer, names text DEFAULT '') RETURNS integer[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT array_agg(DISTINCT v ORDER BY v)
  FROM unnest(string_to_array(lower(field), ',')) AS item
  CROSS JOIN LATERAL regexp_match(item, E'^(?:\\*|([0-9]+|[a-z]+)(?:-([0-9]+|[a-z]+))?)(?:/([0-9]+))?$') AS part
  CROSS JOIN LATERAL (SELECT
    CASE WHEN part[1] ~ '^[a-z]' THEN array_position(string_to_array(names, ' '), part[1]) - 1 + low
      ELSE coalesce(part[1]::integer, low) END AS first,
    CASE WHEN part[2] ~ '^[a-z]' THEN array_position(string_to_array(names, ' '), part[2]) - 1 + low
      WHEN part[2] IS NOT NULL THEN part[2]::integer
      WHEN part[1] IS NULL OR part[3] IS NOT NULL THEN high END AS last) AS edges
  CROSS JOIN LATERAL generate_series(edges.first, coalesce(edges.last, edges.first), coalesce(part[3]::integer, 1)) AS v
$$;
