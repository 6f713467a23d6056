-- Records that a group could not be refreshed: for the member that failed. A lost race is no news: the next pass tries again.
--
-- Whoever holds that member now is refreshing the group and will meet the same; nobody waits for it. Where a lock was in the way it
-- may be that very one, and another member says so.
CREATE OR REPLACE FUNCTION pgstream._record_group_failure(failing bigint, started timestamptz, message text, state text, is_raised boolean)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  noted bigint;
BEGIN
  SELECT f.pgs_id INTO noted FROM pgstream.frontiers f WHERE f.pgs_id = failing FOR UPDATE SKIP LOCKED;
  IF noted IS NULL AND state = '55P03' THEN
    SELECT f.pgs_id INTO noted FROM pgstream.frontiers f
    WHERE f.pgs_id IN (SELECT o.pgs_id FROM pgstream.graph g JOIN pgstream.graph o USING (group_id) WHERE g.pgs_id = failing)
    ORDER BY f.pgs_id LIMIT 1 FOR UPDATE SKIP LOCKED;
  END IF;
  IF noted IS NULL THEN
    RETURN 'SKIPPED';
  END IF;
  RETURN pgstream._record_failure(noted, started, message, state, is_raised);
END
$$;
