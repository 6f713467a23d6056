-- Refuses to go by a catalog that speaks of another database.
CREATE OR REPLACE FUNCTION pgstream._check_home() RETURNS void
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  IF NOT pgstream._is_home() THEN
    RAISE EXCEPTION 'the stream tables of this database wait to be restored'
      USING ERRCODE = 'object_not_in_prerequisite_state',
        DETAIL = 'The database was restored from a dump or upgraded: pg_stream''s catalog speaks of the objects and transactions of another one.',
        HINT = 'SELECT * FROM pgstream.restore_stream_tables() as a superuser, or as the role that installed pg_stream.';
  END IF;
END
$$;
