-- Shows others that one of a group is done (pgstream._show_progress), whose locks stay until all of it is: by a lock of its own,
-- and one that says how many milliseconds after the beginning of the transaction the next one begins.
CREATE OR REPLACE FUNCTION pgstream._end_progress(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pg_try_advisory_xact_lock_shared(pgstream._progress_class('ENDED'), (id % 2147483647)::integer);
  PERFORM pg_try_advisory_xact_lock_shared(pgstream._progress_class('TIME'),
    least(extract(epoch FROM clock_timestamp() - transaction_timestamp()) * 1000, 2147483647)::integer);
END
$$;
