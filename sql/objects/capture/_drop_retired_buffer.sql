-- Removes the change buffer of a source whose capture was retired; false when somebody is in the way. To have asked how fresh
-- something is suffices for that: a transaction keeps its lock on each sequence that it has looked at. Writers of the source wait
-- meanwhile, so this does not wait for its end.
CREATE OR REPLACE FUNCTION pgstream._drop_retired_buffer(source oid) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET client_min_messages = warning
SET lock_timeout = '100ms'
AS $$
BEGIN
  PERFORM pgstream._drop_buffer(source);
  RETURN true;
-- A cursor of our own transaction, too.
EXCEPTION WHEN lock_not_available OR object_in_use THEN
  RETURN false;
END
$$;
