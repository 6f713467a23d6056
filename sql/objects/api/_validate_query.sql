-- The privileged half of validate_query.
CREATE OR REPLACE FUNCTION pgstream._validate_query(view oid, mode text) RETURNS TABLE (property text, value text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  owner name := pgstream._own_view(view);
  request jsonb := pgstream._compile_request(view, 0, 'public', 'validated', pgstream._check_mode(mode));
  plan jsonb := pgstream._compile_definition(request, owner);
BEGIN
  PERFORM pgstream._check_select_rights(owner, request, plan);
  RETURN QUERY
    SELECT 'strategy', plan ->> 'strategy'
    UNION ALL SELECT 'not incremental', concat_ws('. ', r ->> 'message', nullif(rtrim(r ->> 'detail', '.'), ''), nullif(r ->> 'hint', ''))
      FROM jsonb_array_elements(plan -> 'reasons') AS r
    UNION ALL SELECT 'columns', (
      SELECT string_agg(format('%I %s', c ->> 'name', c ->> 'sql'), ', ' ORDER BY i)
      FROM jsonb_array_elements(plan -> 'columns') WITH ORDINALITY AS u(c, i))
    UNION ALL SELECT 'key', CASE WHEN jsonb_typeof(plan -> 'key') = 'array'
      THEN '(' || (SELECT coalesce(string_agg(k, ', '), '') FROM jsonb_array_elements_text(plan -> 'key') AS k) || ')'
      ELSE 'none: a bag of rows' END
    UNION ALL SELECT 'source', pgstream._qualified_name((s ->> 'relation')::oid) FROM jsonb_array_elements(plan -> 'sources') AS s;
END
$$;
