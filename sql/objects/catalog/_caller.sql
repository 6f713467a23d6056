-- Who called, seen from inside a SECURITY DEFINER function.
CREATE OR REPLACE FUNCTION pgstream._caller() RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END
$$;
