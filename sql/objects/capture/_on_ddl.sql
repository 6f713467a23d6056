-- Event trigger: DDL that is not our own. Its name says nothing of who may call it: it runs as who wrote the DDL.
CREATE OR REPLACE FUNCTION pgstream._on_ddl() RETURNS event_trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('pg_stream.internal', true) = 'probe' THEN
    PERFORM set_config('pg_stream.internal', 'seen', true);
  ELSIF NOT pgstream._is_internal() THEN
    PERFORM pgstream._follow_ddl();
  END IF;
END
$$;
