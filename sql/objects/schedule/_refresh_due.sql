-- Refreshes one due stream table, unless another caller is at it or somebody has written its frontier since it was
-- found due (`version`; `below`: of what moment the stream tables below it were then). A failure is caught, counted and
-- recorded: the old content stays readable. Returns what was done; NULL when nothing was to do here, FAILED, SKIPPED
-- when something passing prevented it, CANCELED when somebody canceled the query, REGROUPED when it is to be refreshed
-- with others by now.
--
-- It does not wait long for locks, because others wait for it: half the shortest bound there can be, twice as long after
-- each try that was in vain, up to 4 s. The pause between two tries grows with it, so that most of the time is the others'.
CREATE OR REPLACE FUNCTION pgstream._refresh_due(id bigint, version xid DEFAULT NULL, below timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET row_security = on
SET lock_timeout = '500ms'
AS $$
DECLARE
  started timestamptz := clock_timestamp();
  target record;
  total numeric;
  number bigint;
  in_flight pg_snapshot;
  message text;
  state text;
  context text;
  action text;
BEGIN
  -- Most of what another caller has been at is told from this alone.
  IF NOT pgstream._scheduler_enabled() OR version IS NOT NULL
    AND NOT EXISTS (SELECT FROM pgstream.frontiers f WHERE f.pgs_id = id AND f.xmin = version) THEN
    RETURN NULL;
  END IF;
  -- Each in a statement of its own, in this order, before the refresh: who counted before has a smaller number than we, and is
  -- under way, or over and seen by the refresh.
  total := pgstream._movements_of(id);
  -- Whoever does not get the lock has taken no number.
  SELECT f.skips, f.xmin AS version, s.status, s.broken_reason INTO target
  FROM pgstream.frontiers f JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  WHERE f.pgs_id = id FOR UPDATE OF f SKIP LOCKED;
  IF NOT FOUND OR target.version <> version OR target.status NOT IN ('INITIALIZING', 'ACTIVE') OR target.broken_reason IS NOT NULL THEN
    RETURN NULL;
  END IF;
  IF NOT pgstream._is_whole(ARRAY[id]) THEN
    RETURN 'REGROUPED';
  END IF;
  number := pg_current_xact_id()::text::bigint;
  in_flight := pgstream._under_way(ARRAY[id], number);
  -- This transaction is a refresh and nothing else, content and frontier together: when a crash loses it, the next refresh
  -- does it again from sources that are safe. So nobody waits for the disk. (What cleans up is written to the log later.)
  PERFORM set_config('synchronous_commit', 'off', true);
  PERFORM set_config('lock_timeout', (500 * 2 ^ least(target.skips, 3))::integer || 'ms', true);
  BEGIN
    action := pgstream._refresh_or_recompute(id, 'SCHEDULER');
  EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE, context = PG_EXCEPTION_CONTEXT;
    RETURN pgstream._record_failure(id, started, message, state, pgstream._is_raised(context), total, in_flight, number);
  END;
  PERFORM pgstream._note_look(ARRAY[id], ARRAY[action], ARRAY[total], started, below, in_flight, number, false);
  RETURN action;
END
$$;
