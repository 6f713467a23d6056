-- Event trigger: drops that are not our own.
CREATE OR REPLACE FUNCTION pgstream._on_drop() RETURNS event_trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF to_regclass('pgstream.pgs_stream_tables') IS NOT NULL AND NOT pgstream._is_internal() THEN
    PERFORM pgstream._follow_drop();
  END IF;
END
$$;
