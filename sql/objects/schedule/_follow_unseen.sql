-- pgstream._recheck_unwatched for the scheduler, of a stream table that may have no changes to consume, so that no refresh asks.
CREATE OR REPLACE FUNCTION pgstream._follow_unseen(id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '500ms'
AS $$
BEGIN
  -- Or somebody has dropped it.
  IF NOT pgstream._forget_gone(id) AND EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id AND (s.broken_reason IS NULL OR s.is_obstructed)) THEN
    PERFORM pgstream._recheck_unwatched(id);
  END IF;
EXCEPTION
  WHEN OTHERS THEN
    -- What passes by itself will have passed by the next time.
    IF NOT pgstream._passes_by_itself(SQLSTATE, SQLERRM) THEN
      RAISE WARNING 'pg_stream could not look for what was altered below stream table %: %', id, SQLERRM;
    END IF;
END
$$;
