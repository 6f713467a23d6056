-- Puts the guard on a stream table: nobody but a refresh writes its rows.
CREATE OR REPLACE FUNCTION pgstream._install_guard(relation oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
DECLARE
  label CONSTANT text := pgstream._qualified_name(relation);
BEGIN
  EXECUTE format('CREATE OR REPLACE TRIGGER pgstream_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT '
    'WHEN (current_setting(''pg_stream.refreshing'', true) IS DISTINCT FROM ''on'') EXECUTE FUNCTION pgstream._refuse_write()', label);
  -- For session_replication_role = replica too.
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER pgstream_guard', label);
END
$$;
