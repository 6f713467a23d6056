-- Forgets refreshes older than pg_stream.history_retention_days, the oldest thousand at a time; costs one look at the
-- oldest when there is nothing to do.
CREATE OR REPLACE FUNCTION pgstream._prune_history() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  kept_since timestamptz := clock_timestamp()
    - make_interval(days => coalesce(nullif(current_setting('pg_stream.history_retention_days', true), '')::integer, 90));
BEGIN
  IF (SELECT h.start_time < kept_since FROM pgstream.pgs_refresh_history h ORDER BY h.refresh_id LIMIT 1) THEN
    DELETE FROM pgstream.pgs_refresh_history h
    WHERE h.refresh_id IN (SELECT o.refresh_id FROM pgstream.pgs_refresh_history o ORDER BY o.refresh_id LIMIT 1000)
      AND h.start_time < kept_since;
  END IF;
END
$$;
