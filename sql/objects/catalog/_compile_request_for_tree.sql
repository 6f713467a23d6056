-- The compile request (src/compiler/catalog/request.ts) for an analysed tree: at definition from the hidden view, later
-- from the catalog, with the facts as they are now.
CREATE OR REPLACE FUNCTION pgstream._compile_request_for_tree(
  tree text, definition text, columns jsonb, target_id bigint, target_schema text, target_name text, mode text,
  settings jsonb
) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning these queries anew for each array of oids costs more than running them.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
  pending text[] := ARRAY[tree];
  mentioned record;
  relation_oids oid[] := '{}';
  -- Before PostgreSQL 16 a view's tree mentions the view itself (the entries OLD and NEW).
  hidden oid := to_regclass('pg_temp."pg_stream definition"');
  fresh oid[];
  function_oids oid[] := '{}';
  operator_oids oid[] := '{}';
  type_oids oid[] := '{}';
  collation_oids oid[] := '{}';
  expanded oid[] := '{}';
  unseen text;
BEGIN
  -- Views are read down to their tables.
  WHILE pending <> '{}' LOOP
    mentioned := pgstream._tree_references(pending);
    fresh := ARRAY(SELECT r FROM unnest(mentioned.relations) AS r WHERE r <> ALL (relation_oids) AND r IS DISTINCT FROM hidden);
    relation_oids := relation_oids || fresh;
    function_oids := function_oids || mentioned.functions;
    operator_oids := operator_oids || mentioned.operators;
    type_oids := type_oids || mentioned.types;
    collation_oids := collation_oids || mentioned.collations;
    pending := ARRAY(
      SELECT t.tree FROM unnest(fresh) AS r, pgstream._rule_tree(r) AS t(tree) WHERE t.tree IS NOT NULL);
  END LOOP;
  -- What a call leaves out is not in the tree. (The server's own functions have constants for it.)
  LOOP
    fresh := ARRAY(
      SELECT p.oid FROM pg_proc p
      WHERE p.oid = ANY (function_oids) AND p.oid >= 12000 AND p.proargdefaults IS NOT NULL AND p.oid <> ALL (expanded));
    EXIT WHEN fresh = '{}';
    expanded := expanded || fresh;
    mentioned := pgstream._tree_references(ARRAY(SELECT p.proargdefaults::text FROM pg_proc p WHERE p.oid = ANY (fresh)));
    function_oids := function_oids || mentioned.functions;
    operator_oids := operator_oids || mentioned.operators;
    type_oids := type_oids || mentioned.types;
    collation_oids := collation_oids || mentioned.collations;
  END LOOP;
  -- PostgreSQL finds by name what was made after the snapshot of the transaction; facts about it there are none.
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    unseen := (
      SELECT min(u.what) FROM (
        SELECT r::regclass::text FROM unnest(relation_oids) AS r WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = r)
        -- Of a column that there is not, has_column_privilege says NULL.
        UNION ALL SELECT 'a column of ' || r::regclass FROM unnest(relation_oids) AS r
          WHERE has_column_privilege(r, (SELECT max(a.attnum) + 1 FROM pg_attribute a WHERE a.attrelid = r)::smallint, 'SELECT') IS NOT NULL
        UNION ALL SELECT f::regprocedure::text FROM unnest(function_oids) AS f WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.oid = f)
        UNION ALL SELECT t::regtype::text FROM unnest(type_oids) AS t WHERE t <> 0 AND NOT EXISTS (SELECT FROM pg_type p WHERE p.oid = t)) AS u(what));
    IF unseen IS NOT NULL THEN
      RAISE EXCEPTION 'could not serialize access: % was created meanwhile', unseen
        USING ERRCODE = 'serialization_failure', HINT = 'Retry the transaction.';
    END IF;
  END IF;

  type_oids := type_oids
    || ARRAY(SELECT (c ->> 'type')::oid FROM jsonb_array_elements(columns) AS c)
    || ARRAY(SELECT DISTINCT a.atttypid FROM pg_attribute a
        WHERE a.attrelid = ANY (relation_oids) AND a.attnum > 0 AND NOT a.attisdropped)
    || ARRAY(SELECT DISTINCT t FROM pg_proc p, unnest(p.prorettype || p.proargtypes::oid[]) AS t
        WHERE p.oid = ANY (function_oids))
    || ARRAY(SELECT DISTINCT t FROM pg_operator o, unnest(ARRAY[o.oprleft, o.oprright, o.oprresult]) AS t
        WHERE o.oid = ANY (operator_oids));
  -- And those that the compiler itself brings in: boolean, bigint, integer, text, float8, numeric, record.
  type_oids := ARRAY(SELECT DISTINCT t FROM unnest(pgstream._type_closure(type_oids) || '{16,20,23,25,701,1700,2249}'::oid[]) AS t);
  collation_oids := collation_oids
    || ARRAY(SELECT DISTINCT (c ->> 'collation')::oid FROM jsonb_array_elements(columns) AS c)
    || ARRAY(SELECT DISTINCT a.attcollation FROM pg_attribute a
        WHERE a.attrelid = ANY (relation_oids) AND a.attnum > 0 AND NOT a.attisdropped)
    || ARRAY(SELECT DISTINCT t.typcollation FROM pg_type t WHERE t.oid = ANY (type_oids));

  RETURN (
    WITH type_facts AS MATERIALIZED (
      SELECT pgstream._type_facts(type_oids) AS facts
    ), all_operators AS MATERIALIZED (
      SELECT operator_oids || ARRAY(
        SELECT DISTINCT (t.value ->> 'equality')::oid FROM type_facts, jsonb_each(facts) AS t) AS oids
    )
    SELECT jsonb_build_object(
      'version', 1,
      'server', jsonb_build_object('versionNum', current_setting('server_version_num')::int),
      'target', jsonb_build_object('id', target_id, 'schema', target_schema, 'name', target_name),
      'mode', mode,
      'settings', settings,
      'tree', tree,
      'definition', definition,
      'columns', columns,
      'relations', pgstream._relation_facts(relation_oids),
      'types', type_facts.facts,
      'functions', pgstream._function_facts(function_oids
        || ARRAY(SELECT o.oprcode::oid FROM pg_operator o WHERE o.oid = ANY (all_operators.oids))),
      'operators', pgstream._operator_facts(all_operators.oids),
      'collations', pgstream._collation_facts(collation_oids))
      || CASE WHEN EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = target_id AND s.has_long_values)
        THEN '{"hasLongValues": true}'::jsonb ELSE '{}' END
    FROM type_facts, all_operators);
END
$$;
