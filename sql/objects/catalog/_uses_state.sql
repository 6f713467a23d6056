-- What the functions, operators, types, collations and text search objects that a query uses (pgs_stream_tables.uses)
-- and the views that it goes through are at present: all that their catalogs say but owner and rights. Who is gone has
-- no entry.
CREATE OR REPLACE FUNCTION pgstream._uses_state(uses text[], views oid[]) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(jsonb_object_agg(s.key, jsonb_build_array(s.name, md5(s.state::text))), '{}')
  FROM (
    SELECT u AS key, i.type || ' ' || i.identity AS name, CASE used.class
      WHEN 'pg_proc'::regclass THEN (
        SELECT to_jsonb(p) - '{proowner,proacl}'::text[] || jsonb_strip_nulls(jsonb_build_object('rivals', pgstream._rivals(used.class, p.oid),
          -- Of an aggregate pg_proc says next to nothing.
          'aggregate', (SELECT to_jsonb(a) FROM pg_aggregate a WHERE a.aggfnoid = p.oid)))
        FROM pg_proc p WHERE p.oid = used.object)
      WHEN 'pg_operator'::regclass THEN (
        SELECT to_jsonb(o) - 'oprowner' || jsonb_strip_nulls(jsonb_build_object('rivals', pgstream._rivals(used.class, o.oid))) FROM pg_operator o WHERE o.oid = used.object)
      WHEN 'pg_collation'::regclass THEN (SELECT to_jsonb(k) - 'collowner' FROM pg_collation k WHERE k.oid = used.object)
      WHEN 'pg_ts_config'::regclass THEN (
        SELECT (to_jsonb(c) - 'cfgowner') || jsonb_build_object('map', (
          SELECT jsonb_agg(jsonb_build_array(m.maptokentype, m.mapseqno, m.mapdict) ORDER BY m.maptokentype, m.mapseqno)
          FROM pg_ts_config_map m WHERE m.mapcfg = c.oid))
        FROM pg_ts_config c WHERE c.oid = used.object)
      WHEN 'pg_ts_dict'::regclass THEN (SELECT to_jsonb(d) - 'dictowner' FROM pg_ts_dict d WHERE d.oid = used.object)
      WHEN 'pg_ts_parser'::regclass THEN (SELECT to_jsonb(p) FROM pg_ts_parser p WHERE p.oid = used.object)
      WHEN 'pg_ts_template'::regclass THEN (SELECT to_jsonb(t) FROM pg_ts_template t WHERE t.oid = used.object)
      WHEN 'pg_class'::regclass THEN (SELECT jsonb_build_array(c.relnamespace, c.relname) FROM pg_class c WHERE c.oid = used.object)
      WHEN 'pg_type'::regclass THEN (
        SELECT (to_jsonb(t) - '{typowner,typacl,typdefault,typdefaultbin}'::text[]) || jsonb_build_object(
          'labels', (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
          'checks', (SELECT jsonb_agg(k.conbin::text ORDER BY k.oid) FROM pg_constraint k WHERE k.contypid = t.oid),
          'attributes', (SELECT jsonb_agg(jsonb_build_array(a.attname, a.atttypid, a.atttypmod, a.attcollation) ORDER BY a.attnum)
            FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0))
          || jsonb_strip_nulls(jsonb_build_object('casts', (
            SELECT jsonb_agg(jsonb_build_array(k.castsource, k.casttarget, k.castfunc, k.castmethod) ORDER BY k.castsource, k.casttarget)
            FROM pg_cast k WHERE k.oid >= 16384 AND k.castmethod <> 'i' AND t.oid IN (k.castsource, k.casttarget))))
        FROM pg_type t WHERE t.oid = used.object) END AS state
    FROM unnest(uses) AS u
    CROSS JOIN LATERAL (SELECT split_part(u, '/', 1)::oid AS class, split_part(u, '/', 2)::oid AS object) AS used
    CROSS JOIN LATERAL pg_identify_object(used.class, used.object, 0) AS i
    UNION ALL
    SELECT 'view ' || v, 'view ' || pgstream._qualified_name(v), jsonb_build_array(pgstream._qualified_name(v), (
      SELECT jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = v AND a.attnum > 0), pgstream._rule_tree(v))
    FROM unnest(views) AS v
  ) AS s
  WHERE s.state IS NOT NULL AND s.name IS NOT NULL
$$;
