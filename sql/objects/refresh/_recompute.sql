-- Refreshes after the delta could not be computed: `state` and `words` are of that error.
CREATE OR REPLACE FUNCTION pgstream._recompute(id bigint, initiated_by text, is_checked boolean, state text, words text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  action text;
BEGIN
  UPDATE pgstream.pgs_stream_tables s
  SET needs_reinit = true, reinit_reason = format('a changed row could not be computed: %s', pgstream._error_kind(state))
  WHERE s.pgs_id = id;
  action := pgstream._refresh(id, initiated_by, is_checked);
  -- The line of history is ours: we hold the frontier.
  INSERT INTO pgstream._error_texts (refresh_id, message)
  SELECT h.refresh_id, words FROM pgstream.pgs_refresh_history h
  WHERE h.pgs_id = id AND h.action = 'REINITIALIZE' ORDER BY h.refresh_id DESC LIMIT 1
  ON CONFLICT DO NOTHING;
  RETURN action;
END
$$;
