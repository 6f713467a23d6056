-- What the things in pgstream._request_names are called at present. Who is gone is left out.
CREATE OR REPLACE FUNCTION pgstream._names_now(names jsonb) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
  SELECT coalesce(jsonb_object_agg(n.key, n.name) FILTER (WHERE n.name IS NOT NULL), '{}')
  FROM (
    SELECT k.key, CASE k.part[1]
      WHEN 'relation' THEN (SELECT concat_ws('.', s.nspname, c.relname) FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
        WHERE c.oid = k.part[2]::oid)
      WHEN 'column' THEN (SELECT a.attname::text FROM pg_attribute a
        WHERE a.attrelid = k.part[2]::oid AND a.attnum = k.part[3]::smallint AND NOT a.attisdropped)
      WHEN 'type' THEN (SELECT format_type(t.oid, NULL) FROM pg_type t WHERE t.oid = k.part[2]::oid)
      WHEN 'label' THEN (SELECT e.enumlabel::text FROM pg_enum e WHERE e.oid = k.part[2]::oid)
      WHEN 'attribute' THEN (SELECT a.attname::text FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid
        WHERE t.oid = k.part[2]::oid AND a.attnum = k.part[3]::smallint AND NOT a.attisdropped)
      WHEN 'function' THEN (SELECT concat_ws('.', s.nspname, p.proname) FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace
        WHERE p.oid = k.part[2]::oid)
      WHEN 'operator' THEN (SELECT concat_ws('.', s.nspname, o.oprname) FROM pg_operator o JOIN pg_namespace s ON s.oid = o.oprnamespace
        WHERE o.oid = k.part[2]::oid)
      WHEN 'collation' THEN (SELECT concat_ws('.', s.nspname, c.collname) FROM pg_collation c JOIN pg_namespace s ON s.oid = c.collnamespace
        WHERE c.oid = k.part[2]::oid)
      WHEN 'registered' THEN pgstream._registered_name(k.part[2]::oid, k.part[3]::oid)
      END AS name
    FROM (SELECT j.key, string_to_array(j.key, ' ') AS part FROM jsonb_object_keys(names) AS j(key)) AS k
  ) AS n
$$;
