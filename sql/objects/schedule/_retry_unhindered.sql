-- Ends the pause of what could not be refreshed for the lock of somebody on a table, and nothing else, when that is gone
-- (pgstream._lock_in_the_way): up to a minute that nobody needs any more. Whether it did so for any. What waits for something that
-- cannot be named has its pause. Asked by each session once a second, and by who looks anyhow.
CREATE OR REPLACE FUNCTION pgstream._retry_unhindered() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  now CONSTANT double precision := extract(epoch FROM clock_timestamp());
  last CONSTANT double precision := nullif(current_setting('pg_stream.unhindered_at', true), '')::double precision;
BEGIN
  -- Or the clock was set back.
  IF last BETWEEN now - 1 AND now THEN
    RETURN false;
  END IF;
  PERFORM set_config('pg_stream.unhindered_at', now::text, false);
  UPDATE pgstream.frontiers f SET retry_at = NULL
  WHERE f.pgs_id IN (
    SELECT w.pgs_id FROM pgstream.frontiers w
    WHERE w.retry_at > clock_timestamp() AND w.waiting_for LIKE 'waiting for a lock on %'
      AND pgstream._lock_in_the_way(w.pgs_id, w.waiting_for LIKE 'waiting for a lock on rows of %') IS NULL
    FOR UPDATE SKIP LOCKED);
  RETURN FOUND;
END
$$;
