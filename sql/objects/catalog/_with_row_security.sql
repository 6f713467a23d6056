-- requires: catalog/_hides_rows
-- A compile request that says of row-level security where it holds for who owns the stream table, or will, and where it might.
CREATE OR REPLACE FUNCTION pgstream._with_row_security(request jsonb, owner name) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_set(request, '{relations}', (request -> 'relations') || coalesce(jsonb_object_agg(
    r.key, r.value || jsonb_build_object('isSecured', true, 'rowSecurity', pgstream._hides_rows(r.key::oid, (SELECT o.oid FROM pg_roles o WHERE o.rolname = owner), ARRAY(
      SELECT v.key::oid FROM jsonb_each(request -> 'relations') AS v WHERE v.value ->> 'kind' = 'v')))), '{}'))
  FROM jsonb_each(request -> 'relations') AS r WHERE (r.value ->> 'rowSecurity')::boolean
$$;
