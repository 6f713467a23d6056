-- Do event triggers tell us of changes to source tables? They need a superuser to be made, and do not fire in
-- single-user mode (event_triggers.sql tries it out), nor with the setting event_triggers off (PostgreSQL 17 and later).
-- Of DDL in a session that had it off for itself a stamp tells (pgstream._recheck_unwatched).
CREATE OR REPLACE FUNCTION pgstream._ddl_is_watched() RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT count(*) = 2 FROM pg_event_trigger
  WHERE evtname IN ('pg_stream_ddl', 'pg_stream_drop') AND evtenabled IN ('O', 'A')
    AND coalesce(current_setting('event_triggers', true), 'on') = 'on'
$$;
