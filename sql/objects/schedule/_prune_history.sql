-- Forgets refreshes older than pg_stream.history_retention_days, a day at least, the oldest thousand at a time, and twice as many as
-- a pass can have added; costs one look at the oldest when there is nothing to do.
CREATE OR REPLACE FUNCTION pgstream._prune_history() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '500ms'
AS $$
DECLARE
  kept_since timestamptz := clock_timestamp()
    - make_interval(days => pgstream._setting('pg_stream.history_retention_days')::integer);
  tomorrow timestamptz := clock_timestamp() + interval '1 day';
BEGIN
  -- What is of tomorrow was written by a clock that was wrong, and would keep all behind it.
  IF (SELECT h.start_time NOT BETWEEN kept_since AND tomorrow FROM pgstream.pgs_refresh_history h ORDER BY h.refresh_id LIMIT 1) THEN
    -- What another caller is at is its to delete.
    DELETE FROM pgstream.pgs_refresh_history h
    WHERE h.refresh_id = ANY (ARRAY(SELECT o.refresh_id FROM pgstream.pgs_refresh_history o ORDER BY o.refresh_id
        LIMIT (SELECT 1000 + 2 * count(*) FROM pgstream.graph) FOR UPDATE SKIP LOCKED))
      AND h.start_time NOT BETWEEN kept_since AND tomorrow;
  END IF;
EXCEPTION WHEN lock_not_available THEN
  NULL;
END
$$;
