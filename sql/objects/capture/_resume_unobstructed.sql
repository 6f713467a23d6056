-- What stood in the way of capturing a source has passed: its readers that are in ERROR for that alone go on by themselves, with
-- their content computed anew. One that its owner suspended, or that is paused, stays so.
CREATE OR REPLACE FUNCTION pgstream._resume_unobstructed(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  resumed record;
BEGIN
  FOR resumed IN
    UPDATE pgstream.pgs_stream_tables s
    SET broken_reason = NULL, is_obstructed = false, last_error = NULL, consecutive_errors = 0, needs_replan = true, needs_reinit = true,
      status = CASE WHEN s.paused OR s.status = 'SUSPENDED' THEN 'SUSPENDED' WHEN s.is_populated THEN 'ACTIVE' ELSE 'INITIALIZING' END
    WHERE s.is_obstructed AND s.pgs_id IN (
        SELECT d.pgs_id FROM pgstream.pgs_dependencies d WHERE d.source_relid = source AND d.is_captured)
      AND NOT EXISTS (
        SELECT FROM pgstream.pgs_dependencies d
        WHERE d.pgs_id = s.pgs_id AND d.is_captured AND pgstream._capture_obstacle(d.source_relid, d.columns) IS NOT NULL)
    RETURNING s.pgs_id, s.status
  LOOP
    PERFORM pgstream._wake();
    IF resumed.status <> 'SUSPENDED' THEN
      PERFORM pgstream._alert('resumed', resumed.pgs_id);
    END IF;
  END LOOP;
END
$$;
