-- Has `source` a partition that numbers its columns otherwise? Rows inserted through `source` are then converted on their
-- way, and what the partition computes is missing from the transition table (pgstream._capture_expressions). As the server
-- decides it (build_attrmap_by_name_if_req).
CREATE OR REPLACE FUNCTION pgstream._numbers_differ(source oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
  SELECT c.relkind = 'p' AND (
    SELECT count(DISTINCT layout.columns) > 1
    FROM unnest(pgstream._capture_carriers(source)) AS carrier
    CROSS JOIN LATERAL (
      SELECT array_agg(CASE WHEN a.attisdropped THEN format('-%s%s', a.attlen, a.attalign) ELSE '+' || a.attname END ORDER BY a.attnum)
      FROM pg_attribute a WHERE a.attrelid = carrier AND a.attnum > 0
    ) AS layout(columns))
  FROM pg_class c WHERE c.oid = source
$$;
