-- Compiles a definition, checks the rights of the one who will own it, and puts it into the catalog row.
CREATE OR REPLACE FUNCTION pgstream._define(id bigint, owner name, request jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  new_plan jsonb := pgstream._compile_definition(request, owner);
BEGIN
  PERFORM pgstream._check_select_rights(owner, request, new_plan);
  UPDATE pgstream.pgs_stream_tables
  SET tree = request ->> 'tree', columns = request -> 'columns', settings = request -> 'settings', definition = request ->> 'definition',
    names = CASE WHEN request ? 'definitionIsStale' THEN names ELSE pgstream._request_names(request) END,
    names_lost = CASE WHEN request ? 'definitionIsStale' THEN names_lost END, needs_replan = false, needs_redefine = false, broken_reason = NULL,
    is_obstructed = false
  WHERE pgs_id = id;
  PERFORM pgstream._keep_plan(id, request, new_plan);
END
$$;
