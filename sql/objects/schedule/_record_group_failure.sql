-- Records that a group could not be refreshed: for the member that failed. A lost race is no news: the next pass tries again.
CREATE OR REPLACE FUNCTION pgstream._record_group_failure(failing bigint, started timestamptz, message text, state text, is_raised boolean)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM pgstream.frontiers f WHERE f.pgs_id = failing FOR UPDATE;
  RETURN pgstream._record_failure(failing, started, message, state, is_raised);
END
$$;
