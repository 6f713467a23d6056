-- Puts the guard on a stream table, unless it is there.
CREATE OR REPLACE FUNCTION pgstream._install_guard(relation oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  label text := pgstream._qualified_name(relation);
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgfoid = 'pgstream._refuse_write'::regproc) THEN
    EXECUTE format('CREATE TRIGGER pgstream_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT '
      'WHEN (current_setting(''pg_stream.refreshing'', true) IS DISTINCT FROM ''on'') EXECUTE FUNCTION pgstream._refuse_write()', label);
    -- For session_replication_role = replica too.
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER pgstream_guard', label);
  END IF;
END
$$;
