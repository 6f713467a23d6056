-- pgstream._own_generated_objects for DDL on a stream table, whose lock it has. A refresh may wait for that with the state tables
-- in its hands, and these get another owner with it; so they are not waited for. Then the next refresh does it, as after REASSIGN
-- OWNED (pgstream._follow_owner): until it is done the gate lets nobody in.
CREATE OR REPLACE FUNCTION pgstream._follow_owner_at_once(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '100ms'
AS $$
BEGIN
  PERFORM pgstream._own_generated_objects(id);
EXCEPTION WHEN lock_not_available THEN
  NULL;
END
$$;
