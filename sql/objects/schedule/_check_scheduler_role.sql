-- A pass acts for the owners of all stream tables, so it takes the rights of the role that installed pg_stream.
CREATE OR REPLACE FUNCTION pgstream._check_scheduler_role() RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  installer oid := (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'pgstream');
BEGIN
  IF NOT pg_has_role(installer, 'USAGE') THEN
    RAISE EXCEPTION 'permission denied to run the scheduler'
      USING ERRCODE = 'insufficient_privilege',
        HINT = format('Run it as %I, which installed pg_stream, or as a superuser. To refresh a stream table of your own, use pgstream.refresh_stream_table(…).', pg_get_userbyid(installer));
  END IF;
  PERFORM pgstream._check_home();
  PERFORM pgstream._check_views();
  IF current_setting('transaction_read_only') = 'on' THEN
    PERFORM pgstream._refuse_read_only();
  END IF;
END
$$;
