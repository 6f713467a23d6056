-- Whether this transaction may go on taking locks. Restoring takes some hundred for each stream table, and the lock table is
-- one for the whole server: half of it is for us.
CREATE OR REPLACE FUNCTION pgstream._locks_are_left() RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT count(*) < current_setting('max_locks_per_transaction')::integer
    * (current_setting('max_connections')::integer + current_setting('max_prepared_transactions')::integer) / 2
  FROM pg_locks AS l WHERE l.pid = pg_backend_pid() AND NOT l.fastpath
$$;
