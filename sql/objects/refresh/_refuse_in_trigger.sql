-- While a trigger runs, the statement that fired it may have changed rows whose capture is yet to come: the tables would
-- show changes that the buffers lack, which would then count twice.
CREATE OR REPLACE FUNCTION pgstream._refuse_in_trigger() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'a stream table cannot be refreshed inside a trigger'
    USING ERRCODE = 'object_not_in_prerequisite_state',
      DETAIL = 'Changes of the statement that fired the trigger may not be captured yet.',
      HINT = 'Refresh after the statement, or give the stream table a schedule of 1s.';
END
$$;
