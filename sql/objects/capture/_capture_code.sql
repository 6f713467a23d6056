-- What the capture functions of a source are, in one hash.
CREATE OR REPLACE FUNCTION pgstream._capture_code(source oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT md5(string_agg(concat_ws('/', p.proname, p.prosrc, p.prosecdef, p.proconfig), ' ' ORDER BY p.proname))
  FROM (SELECT format('capture_%s_', source)::name) AS u(prefix)
  JOIN pg_proc p ON p.proname >= u.prefix AND p.proname < pgstream._name_after(u.prefix)
  WHERE p.pronamespace = 'pgstream_changes'::regnamespace
$$;
