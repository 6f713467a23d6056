-- May a view in a compile request show other rows of a source than its copy has? A copy has what the owner of the stream table sees
-- of it; a view shows what the view's owner does, by policies or as another user of a foreign server.
CREATE OR REPLACE FUNCTION pgstream._is_seen_otherwise(source oid, owner name, request jsonb) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM jsonb_each(request -> 'relations') AS r
    JOIN pg_class v ON v.oid = r.key::oid AND v.relkind = 'v'
    CROSS JOIN (SELECT o.oid FROM pg_roles o WHERE o.rolname = owner) AS own
    WHERE v.relowner <> own.oid AND NOT EXISTS (
        SELECT FROM pg_options_to_table(v.reloptions) AS o WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
      AND ((request #>> ARRAY['relations', source::text, 'rowSecurity'])::boolean OR EXISTS (
        SELECT FROM unnest(pgstream._descendants(source)) AS d JOIN pg_foreign_table f ON f.ftrelid = d
        WHERE (SELECT m.umid FROM pg_user_mappings m WHERE m.srvid = f.ftserver AND m.umuser IN (0, own.oid) ORDER BY m.umuser DESC LIMIT 1)
          IS DISTINCT FROM (SELECT m.umid FROM pg_user_mappings m WHERE m.srvid = f.ftserver AND m.umuser IN (0, v.relowner) ORDER BY m.umuser DESC LIMIT 1))))
$$;
