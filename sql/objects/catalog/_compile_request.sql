-- The compile request (src/compiler/catalog/request.ts) for a view that has just been made on the user's query.
CREATE OR REPLACE FUNCTION pgstream._compile_request(
  view oid, target_id bigint, target_schema text, target_name text, mode text
) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pgstream._compile_request_for_tree(
    pgstream._rule_tree(view),
    pgstream._view_definition(view), pgstream._output_facts(view), target_id, target_schema, target_name, mode,
    pgstream._session_settings())
$$;
