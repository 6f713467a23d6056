-- Refreshes one due stream table, unless another caller is at it. A failure is caught, counted and recorded: the old
-- content stays readable. Returns what was done, NULL when somebody else is at it.
CREATE OR REPLACE FUNCTION pgstream._refresh_due(id bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  started timestamptz := clock_timestamp();
  message text;
  state text;
  action text;
BEGIN
  PERFORM FROM pgstream.frontiers f WHERE f.pgs_id = id FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  BEGIN
    action := pgstream._refresh_or_recompute(id, 'SCHEDULER');
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
    PERFORM pgstream._record_failure(id, started, message, state);
    RETURN 'FAILED';
  END;
  IF action = 'NO_DATA' THEN
    UPDATE pgstream.frontiers f SET data_timestamp = started WHERE f.pgs_id = id AND f.data_timestamp < started;
  END IF;
  IF action <> 'NO_DATA' THEN
    PERFORM pgstream._alert('refresh_completed', id, jsonb_build_object('action', action));
  END IF;
  RETURN action;
END
$$;
