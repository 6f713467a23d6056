-- Before a stream table that follows another into its new definition gets other columns or another index, for which its readers
-- wait. Whoever reads both may wait for the first by now, with the second in hand; so this waits for nobody, and leaves the
-- second to the scheduler, which comes with no lock on the first (pgstream._align_group).
CREATE OR REPLACE FUNCTION pgstream._hold_off_readers(relation oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '100ms'
AS $$
DECLARE
  label CONSTANT text := pgstream._qualified_name(relation);
BEGIN
  EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', label);
EXCEPTION WHEN lock_not_available THEN
  RAISE EXCEPTION USING ERRCODE = 'PGS05', MESSAGE = label;
END
$$;
