-- Has a scheduler anything to do here? Unless pg_stream.enabled says no; on a standby, and in a database that waits to be restored,
-- there is nothing that it could do.
CREATE OR REPLACE FUNCTION pgstream._scheduler_enabled() RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT NOT pg_is_in_recovery() AND pgstream._is_home() AND pgstream._is_switched_on()
$$;
