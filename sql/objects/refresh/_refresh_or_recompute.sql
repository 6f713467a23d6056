-- A refresh that survives rows which cannot be computed and are gone again: the delta has to evaluate every version of a
-- row that was committed since, the query only what is there now. So when computing the delta fails for the data, the
-- content is computed anew, and history says why; when that fails too, the query itself does.
CREATE OR REPLACE FUNCTION pgstream._refresh_or_recompute(
  id bigint, initiated_by text DEFAULT 'MANUAL', is_checked boolean DEFAULT false
) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  words text;
  action text;
BEGIN
  RETURN pgstream._refresh(id, initiated_by, is_checked);
EXCEPTION WHEN OTHERS THEN
  -- DDL that was committed while it compiled or ran is no failure.
  IF pgstream._is_of_names(SQLSTATE) AND pgstream._was_renamed(id) THEN
    RETURN pgstream._refresh_renamed(id, initiated_by);
  END IF;
  -- Under REPEATABLE READ the plan cannot be exchanged: who records the failure notes it.
  IF SQLSTATE = '54000' AND current_setting('transaction_isolation') = 'read committed' AND pgstream._allow_long_values(id) THEN
    RETURN pgstream._refresh(id, initiated_by, is_checked);
  END IF;
  -- Not for the data's sake: what passes by itself, what the server lacks, what does not fit the definition. A function may
  -- have been denied something for the sake of one row; a source is denied whatever the rows.
  IF left(SQLSTATE, 2) IN ('08', '0A', '25', '26', '3F', '40', '42', '53', '54', '55', '57', '58', 'XX')
    AND (SQLSTATE <> '42501' OR (SELECT r.denied_source FROM pgstream._refresh_rights r WHERE r.pgs_id = id) IS NOT NULL) THEN
    RAISE;
  END IF;
  GET STACKED DIAGNOSTICS words = MESSAGE_TEXT;
  UPDATE pgstream.pgs_stream_tables s
  SET needs_reinit = true, reinit_reason = format('a changed row could not be computed: %s', pgstream._error_kind(SQLSTATE))
  WHERE s.pgs_id = id AND s.is_populated AND s.strategy = 'DIFFERENTIAL' AND NOT s.needs_reinit;
  IF NOT FOUND THEN
    RAISE;
  END IF;
  action := pgstream._refresh(id, initiated_by, is_checked);
  -- The line of history is ours: we hold the frontier.
  INSERT INTO pgstream._error_texts (refresh_id, message)
  SELECT h.refresh_id, words FROM pgstream.pgs_refresh_history h
  WHERE h.pgs_id = id AND h.action = 'REINITIALIZE' ORDER BY h.refresh_id DESC LIMIT 1
  ON CONFLICT DO NOTHING;
  RETURN action;
END
$$;
