-- Behind the gate: ACTIVE or SUSPENDED, by the owner's wish. What is in ERROR has to be defined again first (pgstream._resume).
CREATE OR REPLACE FUNCTION pgstream._set_status(id bigint, wanted text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF wanted IS NULL OR upper(wanted) NOT IN ('ACTIVE', 'SUSPENDED') THEN
    RAISE EXCEPTION 'invalid status: %', coalesce('"' || wanted || '"', 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Set ACTIVE or SUSPENDED; INITIALIZING and ERROR come by themselves.';
  END IF;
  UPDATE pgstream.pgs_stream_tables
  SET status = CASE WHEN upper(wanted) = 'SUSPENDED' THEN 'SUSPENDED' WHEN is_populated THEN 'ACTIVE' ELSE 'INITIALIZING' END,
    consecutive_errors = 0, last_error = broken_reason, paused = false,
    -- Why it is recomputed may have passed: a privilege that was lacking, a partition that could not be captured.
    needs_replan = needs_replan OR upper(wanted) = 'ACTIVE' AND refresh_mode = 'AUTO' AND strategy = 'FULL'
  WHERE pgs_id = id AND (broken_reason IS NULL OR upper(wanted) = 'SUSPENDED');
  IF NOT FOUND THEN
    PERFORM pgstream._refuse_gone(id);
    RAISE EXCEPTION 'stream table "%" cannot be resumed', (SELECT s.pgs_name FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id)
      USING ERRCODE = 'object_not_in_prerequisite_state',
        DETAIL = (SELECT s.broken_reason || '.' FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id),
        HINT = 'Put back what is missing and call pgstream.resume_stream_table(name), or give it a new query by pgstream.alter_stream_table(name, query => …).';
  END IF;
  IF upper(wanted) = 'ACTIVE' THEN
    UPDATE pgstream.frontiers f SET skips = 0, retry_at = NULL, waiting_for = NULL WHERE f.pgs_id = id AND f.skips > 0;
    PERFORM pgstream._wake();
    PERFORM pgstream._alert('resumed', id);
  END IF;
END
$$;
