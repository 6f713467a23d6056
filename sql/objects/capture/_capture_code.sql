-- What the capture functions of a source are, in one hash.
CREATE OR REPLACE FUNCTION pgstream._capture_code(source oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT md5(string_agg(concat_ws('/', p.proname, p.prosrc, p.prosecdef, p.proconfig), ' ' ORDER BY p.proname))
  FROM pg_proc p WHERE p.pronamespace = 'pgstream_changes'::regnamespace AND p.proname ~ format('^capture_%s_', source)
$$;
