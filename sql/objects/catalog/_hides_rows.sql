-- Do policies of row-level security hold where `owner` reads a table, or where it is read through one of these views, as the
-- view's owner (rls.c, check_enable_rls)? To whom none apply a table is as any other.
CREATE OR REPLACE FUNCTION pgstream._hides_rows(source oid, owner oid, views oid[]) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM pg_class c, pg_roles r
    WHERE c.oid = source AND c.relrowsecurity
      AND (r.oid = owner OR r.oid IN (
        SELECT v.relowner FROM pg_class v
        WHERE v.oid = ANY (views) AND NOT EXISTS (
          SELECT FROM pg_options_to_table(v.reloptions) AS o WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)))
      AND NOT (r.rolsuper OR r.rolbypassrls OR NOT c.relforcerowsecurity AND pg_has_role(r.oid, c.relowner, 'USAGE')))
$$;
