-- What pg_stream has made, in one of its schemas and with names that match, whose rights are not those that it is meant to
-- have: its owner's, and else only those of `everybody`, with the one privilege named there, or, on a gate, of `caller`, the
-- owner of the stream table. (What everybody may call does no more than they may, or checks by itself who calls: by the
-- owner of the hidden view, whom nobody can pretend to be; by being called from an event trigger.) When a thing was made,
-- ALTER DEFAULT PRIVILEGES of the role that installed pg_stream can have given more to others, `strangers`, or less to these,
-- `is_lacking`, or to the owner, `is_owner_lacking`. The columns of change buffers are granted by pgstream._grant_buffer.
--
-- `prefixes`: what names that match begin with; the catalogs have indexes on names.
--
-- No view: a session that may not read views (restrict_nonsystem_relation_kind) has its DDL followed like any other.
CREATE OR REPLACE FUNCTION pgstream._wrong_rights(within regnamespace, pattern text, prefixes name[] DEFAULT '{""}')
RETURNS TABLE (kind text, label text, owner oid, everybody text, caller oid, strangers oid[], is_lacking boolean, is_owner_lacking boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
  SELECT t.kind, CASE t.kind WHEN 'ROUTINE' THEN t.object::regprocedure::text WHEN 'SCHEMA' THEN t.name::text
      ELSE format('%s.%I', within, t.name) END, t.owner, t.everybody, t.caller, r.strangers, r.is_lacking, r.is_owner_lacking
  FROM unnest(prefixes) AS u(first), LATERAL (SELECT pgstream._name_after(u.first)) AS e(last), LATERAL (
    SELECT 'ROUTINE' AS kind, p.pronamespace AS schema, p.proname AS name, p.oid AS object, p.proowner AS owner,
      'f'::"char" AS acl_kind, coalesce(p.proacl, acldefault('f', p.proowner)) AS acl,
      CASE WHEN p.pronamespace = 'pgstream'::regnamespace AND p.proname <> '_compile' AND (NOT p.prosecdef OR p.proname = ANY (
          '{_create_stream_table,_redefine,_validate_query,_explain_state,_follow_ddl,_follow_drop,_follow_owner,_freshness,_pending_changes,_expected_delta}'))
        -- Copied to each partition that is made or attached, as who does so may. It does nothing but note, for this transaction.
        OR p.pronamespace = 'pgstream_changes'::regnamespace AND p.proname ~ '^capture_[0-9]+_moved$'
        THEN 'EXECUTE' END AS everybody,
      CASE WHEN p.pronamespace = 'pgstream_state'::regnamespace AND p.proname ~ '^gate_[0-9]{1,18}$' THEN (
        SELECT c.relowner FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
        WHERE s.pgs_id = substr(p.proname, 6)::bigint AND c.relowner <> p.proowner) END AS caller
    FROM pg_proc p WHERE p.proname >= u.first AND p.proname < e.last
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relnamespace, c.relname, c.oid,
      c.relowner, k.acl_kind, coalesce(c.relacl, acldefault(k.acl_kind, c.relowner)),
      CASE WHEN c.relnamespace = 'pgstream'::regnamespace AND c.relkind IN ('r', 'v') AND (c.relname !~ '^_' OR c.relname IN ('_home',
          '_visible_errors', '_buffer_bytes', '_dag_nodes', '_foreign_locks', '_lacking_indexes', '_patience', '_relation_names', '_scheduler_seen'))
        THEN 'SELECT' END, NULL
    FROM pg_class c
    CROSS JOIN LATERAL (SELECT CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS acl_kind) AS k
    WHERE c.relkind IN ('r', 'p', 'v', 'S') AND c.relname >= u.first AND c.relname < e.last
    UNION ALL
    SELECT 'TYPE', y.typnamespace, y.typname, y.oid, y.typowner, 'T',
      coalesce(y.typacl, acldefault('T', y.typowner)), 'USAGE', NULL
    FROM pg_type y LEFT JOIN pg_class c ON c.oid = y.typrelid
    WHERE y.typcategory <> 'A' AND (c.oid IS NULL OR c.relkind = 'c') AND y.typname >= u.first AND y.typname < e.last
    UNION ALL
    SELECT 'SCHEMA', n.oid, n.nspname, n.oid, n.nspowner, 'n', coalesce(n.nspacl, acldefault('n', n.nspowner)), 'USAGE', NULL
    FROM pg_namespace n WHERE n.nspname >= u.first AND n.nspname < e.last
  ) AS t
  CROSS JOIN LATERAL (
    SELECT
      ARRAY(
        SELECT DISTINCT a.grantee FROM aclexplode(t.acl) AS a
        WHERE a.grantee <> t.owner AND NOT (a.grantee = 0 AND a.privilege_type = t.everybody IS TRUE)
          AND NOT (a.grantee = t.caller AND a.privilege_type = 'EXECUTE' AND NOT a.is_grantable) IS TRUE
        ORDER BY 1) AS strangers,
      (t.everybody IS NOT NULL AND NOT EXISTS (
          SELECT FROM aclexplode(t.acl) AS a WHERE a.grantee = 0 AND a.privilege_type = t.everybody)
        OR t.caller IS NOT NULL AND NOT EXISTS (SELECT FROM aclexplode(t.acl) AS a WHERE a.grantee = t.caller)) AS is_lacking,
      EXISTS (
        SELECT FROM aclexplode(acldefault(t.acl_kind, t.owner)) AS d
        WHERE d.grantee = t.owner AND NOT EXISTS (
          SELECT FROM aclexplode(t.acl) AS a WHERE a.grantee = t.owner AND a.privilege_type = d.privilege_type)) AS is_owner_lacking
    -- Nearly all are functions of this kind.
    WHERE NOT (t.acl_kind = 'f' AND t.everybody IS NULL AND t.caller IS NULL AND t.acl = ARRAY[makeaclitem(t.owner, t.owner, 'EXECUTE', false)])
    OFFSET 0
  ) AS r
  WHERE t.schema = within AND t.name ~ pattern AND (r.strangers <> '{}' OR r.is_lacking OR r.is_owner_lacking)
$$;
