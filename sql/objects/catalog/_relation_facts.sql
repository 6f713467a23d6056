-- RelationFacts of the given relations, keyed by oid.
CREATE OR REPLACE FUNCTION pgstream._relation_facts(relations oid[]) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
-- Planning these queries anew for each array of oids costs more than running them.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
  -- PostgreSQL 18 knows constraints that are not enforced.
  v18 CONSTANT boolean := current_setting('server_version_num')::int >= 180000;
  children oid[] := ARRAY(SELECT DISTINCT inhparent FROM pg_inherits WHERE inhparent = ANY (relations));
  -- A constraint of an inheritance parent says nothing about the rows of its children.
  loose oid[] := ARRAY(SELECT oid FROM pg_class WHERE oid = ANY (children) AND relkind <> 'p');
  unenforced oid[] := '{}';
BEGIN
  IF v18 THEN
    EXECUTE 'SELECT ARRAY(SELECT oid FROM pg_constraint WHERE conrelid = ANY ($1) AND NOT conenforced)'
      INTO unenforced USING relations;
  END IF;
  RETURN (
    SELECT coalesce(jsonb_object_agg(c.oid::text, jsonb_build_object(
      'oid', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
      'persistence', c.relpersistence, 'rowSecurity', c.relrowsecurity,
      'hasChildren', c.oid = ANY (children), 'rows', c.reltuples,
      'columns', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
          'attnum', a.attnum, 'name', a.attname, 'type', a.atttypid::bigint, 'typmod', a.atttypmod,
          'collation', a.attcollation::bigint,
          'notNull', a.attnum = ANY (f.filled),
          'sql', format_type(a.atttypid, a.atttypmod), 'generated', a.attgenerated) ORDER BY a.attnum), '[]')
        FROM (SELECT pgstream._not_null_columns(c.oid) AS filled OFFSET 0) AS f, pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
      'keys', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
          'name', ic.relname, 'columns', to_jsonb(k.columns), 'primary', k.is_primary,
          'nullsNotDistinct', k.nulls_not_distinct) ORDER BY k.is_primary DESC, k.index), '[]')
        FROM pgstream._unique_keys(c.oid) AS k JOIN pg_class ic ON ic.oid = k.index),
      'foreignKeys', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
          'columns', to_jsonb(f.conkey), 'referenced', f.confrelid::bigint,
          'referencedColumns', to_jsonb(f.confkey)) ORDER BY f.oid), '[]')
        FROM pg_constraint f
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.convalidated AND NOT f.condeferrable
          AND f.oid <> ALL (unenforced) AND c.oid <> ALL (loose)),
      'indexes', (
        SELECT coalesce(jsonb_agg(CASE WHEN EXISTS (SELECT FROM unnest(i.indoption) AS o WHERE o IN (1, 2)) AND am.amname = 'btree'
          THEN jsonb_build_object('options', to_jsonb(i.indoption::smallint[])) ELSE '{}' END
          || CASE WHEN i.indkey[0] = 0 THEN jsonb_build_object('expressions', i.indexprs::text) ELSE '{}' END || jsonb_build_object(
          'name', ic.relname, 'method', am.amname,
          'columns', (SELECT jsonb_agg(i.indkey[p] ORDER BY p) FROM generate_series(0, i.indnkeyatts - 1) AS p),
          'unique', i.indisunique, 'partial', i.indpred IS NOT NULL,
          -- 0: ASC NULLS LAST, 3: DESC NULLS FIRST.
          'sorted', am.amname = 'btree' AND i.indexprs IS NULL AND i.indpred IS NULL AND NOT EXISTS (
            SELECT FROM generate_series(0, i.indnkeyatts - 1) AS p
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p]
            JOIN pg_opclass o ON o.oid = i.indclass[p]
            WHERE i.indoption[p] NOT IN (0, 3) OR NOT o.opcdefault OR i.indcollation[p] <> a.attcollation)) ORDER BY i.indexrelid), '[]')
        FROM pg_index i
        JOIN pg_class ic ON ic.oid = i.indexrelid
        JOIN pg_am am ON am.oid = ic.relam
        WHERE i.indrelid = c.oid AND i.indisvalid AND (c.oid <> ALL (loose) OR pgstream._is_in_children(i.indexrelid))),
      'tree', pgstream._rule_tree(c.oid)
    )), '{}')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = ANY (relations));
END
$$;
