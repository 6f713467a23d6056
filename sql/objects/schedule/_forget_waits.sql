-- What was to be tried again and was not, for nothing asks for it any more: what made it due was rolled back, or somebody has
-- brought it about otherwise. Then it does not wait for a lock either, whatever its last try met.
CREATE OR REPLACE FUNCTION pgstream._forget_waits() RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE pgstream.frontiers f SET skips = 0, retry_at = NULL, waiting_for = NULL
  WHERE f.pgs_id IN (
    SELECT w.pgs_id FROM pgstream.frontiers w
    WHERE w.waiting_for IS NOT NULL AND coalesce(w.retry_at, '-infinity') < clock_timestamp() - interval '10 seconds'
    FOR UPDATE SKIP LOCKED)
$$;
