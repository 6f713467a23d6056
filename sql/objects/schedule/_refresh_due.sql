-- Refreshes one due stream table, unless another caller is at it or it must not be. A failure is caught, counted and
-- recorded: the old content stays readable. Returns what was done; NULL when nothing was to do here, FAILED, SKIPPED when
-- something passing prevented it, CANCELED when somebody canceled the query.
--
-- It does not wait long for locks, because others wait for it: half the shortest bound there can be, twice as long after
-- each try that was in vain, up to 4 s. The pause between two tries grows with it, so that most of the time is the others'.
CREATE OR REPLACE FUNCTION pgstream._refresh_due(id bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  started timestamptz := clock_timestamp();
  frontier pgstream.frontiers;
  message text;
  state text;
  action text;
BEGIN
  IF NOT pgstream._scheduler_enabled() THEN
    RETURN NULL;
  END IF;
  SELECT * INTO frontier FROM pgstream.frontiers f WHERE f.pgs_id = id FOR UPDATE SKIP LOCKED;
  IF NOT FOUND OR NOT pgstream._still_due(id, frontier) THEN
    RETURN NULL;
  END IF;
  -- This transaction is a refresh and nothing else, content and frontier together: when a crash loses it, the next refresh
  -- does it again from sources that are safe. So nobody waits for the disk. (What cleans up is written to the log later.)
  PERFORM set_config('synchronous_commit', 'off', true);
  PERFORM set_config('lock_timeout', (500 * 2 ^ least(frontier.skips, 3))::integer || 'ms', true);
  BEGIN
    action := pgstream._refresh_or_recompute(id, 'SCHEDULER');
  EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
    PERFORM pgstream._record_failure(id, started, message, state);
    RETURN CASE WHEN state = '57014' THEN 'CANCELED' WHEN pgstream._passes_by_itself(state, message) THEN 'SKIPPED' ELSE 'FAILED' END;
  END;
  IF action = 'NO_DATA' THEN
    UPDATE pgstream.frontiers f
    SET data_timestamp = greatest(f.data_timestamp, started), skips = 0, retry_at = NULL, waiting_for = NULL
    WHERE f.pgs_id = id AND (f.data_timestamp < started OR f.skips > 0);
  ELSE
    PERFORM pgstream._alert('refresh_completed', id, jsonb_build_object('action', action));
  END IF;
  RETURN action;
END
$$;
