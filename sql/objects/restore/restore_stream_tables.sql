-- After pg_restore, psql -f dump.sql or pg_upgrade: brings every stream table back, exact and incremental, in this database.
-- Afterwards it does no more than try again what could not be brought back.
CREATE OR REPLACE FUNCTION pgstream.restore_stream_tables() RETURNS TABLE (name text, action text, detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  installer oid := (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'pgstream');
BEGIN
  IF NOT pg_has_role(installer, 'USAGE') THEN
    RAISE EXCEPTION 'permission denied to restore stream tables'
      USING ERRCODE = 'insufficient_privilege', DETAIL = 'It restores those of all owners.',
        HINT = format('Call it as %I, which owns the schema pgstream, or as a superuser.', pg_get_userbyid(installer));
  END IF;
  IF current_setting('transaction_read_only') = 'on' THEN
    PERFORM pgstream._refuse_read_only();
  END IF;
  RETURN QUERY SELECT * FROM pgstream._restore_stream_tables();
END
$$;
