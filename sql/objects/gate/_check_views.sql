-- Refuses to go on in a session that may not read views, of which pg_stream has its own. DDL is followed all the same.
CREATE OR REPLACE FUNCTION pgstream._check_views() RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('restrict_nonsystem_relation_kind', true) ~ E'\\mview\\M' THEN
    RAISE EXCEPTION 'pg_stream cannot work in a session that may not read views'
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('restrict_nonsystem_relation_kind is ''%s''.',
          current_setting('restrict_nonsystem_relation_kind')),
        HINT = 'SET restrict_nonsystem_relation_kind = ''''.';
  END IF;
END
$$;
