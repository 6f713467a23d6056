-- Does this stream table want a refresh now? A bound says how stale the content may get at most; a bound of a second is
-- served as soon as something changed. Whatever is wrong with one of many must not keep the others from being asked: one
-- whose schedule cannot be read is served every minute.
CREATE OR REPLACE FUNCTION pgstream._is_due(
  id bigint, is_populated boolean, strategy text, last_error text, consecutive_errors integer, frontier pgstream.frontiers,
  seconds double precision, cron text
) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  at CONSTANT timestamptz := clock_timestamp();
BEGIN
  IF frontier.retry_at > at
    -- After a failure: 2 s, 4 s, 8 s … up to a minute.
    OR last_error IS NOT NULL
      AND frontier.last_refresh_at + make_interval(secs => least(60, 2 ^ least(greatest(consecutive_errors, 1), 6))) > at THEN
    RETURN false;
  ELSIF NOT is_populated THEN
    RETURN true;
  ELSIF cron IS NOT NULL THEN
    RETURN coalesce(pgstream._cron_next(cron, frontier.data_timestamp) <= at, false);
  -- A refresh takes its time: start early enough for the bound to hold.
  ELSIF frontier.data_timestamp
      + make_interval(secs => greatest(seconds - coalesce(frontier.last_duration_ms, 0) / 500.0, 0)) <= at THEN
    RETURN true;
  END IF;
  RETURN seconds <= 1 AND strategy = 'DIFFERENTIAL' AND pgstream._has_pending(id, frontier);
EXCEPTION WHEN OTHERS THEN
  RETURN coalesce(frontier.data_timestamp + interval '1 minute' <= at, true);
END
$$;
