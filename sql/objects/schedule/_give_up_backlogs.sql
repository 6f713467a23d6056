-- Lets go of changes that are kept for stream tables which do not read them, so that no change buffer grows for ever: at once
-- where the content will be computed anew whatever is kept (broken, marked, not filled yet), and where a refresh is not to be
-- expected (suspended, paused) as soon as computing anew is the better way back (pgstream._backlog_excess).
--
-- The frontier moves to now, which it has not consumed: so in the same transaction the stream table is marked to be computed
-- anew. With its frontier locked nobody is refreshing it; who refreshes it next sees the mark, or a snapshot that is too old
-- (40001). pgstream._clean_changes then goes by frontiers as ever.
CREATE OR REPLACE FUNCTION pgstream._give_up_backlogs() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  grown CONSTANT oid[] := pgstream._cleaning_due();
  each record;
  why text;
BEGIN
  IF grown = '{}' THEN
    RETURN;
  END IF;
  FOR each IN
    SELECT s.pgs_id, s.status, NOT s.is_populated OR s.needs_reinit OR s.broken_reason IS NOT NULL AS is_lost
    FROM pgstream.pgs_stream_tables s JOIN pgstream.frontiers f USING (pgs_id)
    WHERE (s.status IN ('SUSPENDED', 'ERROR') OR s.needs_reinit OR NOT s.is_populated) AND EXISTS (
      SELECT FROM pgstream.pgs_dependencies d WHERE d.pgs_id = s.pgs_id AND d.is_captured AND d.source_relid = ANY (grown))
    ORDER BY s.pgs_id FOR UPDATE OF f, s SKIP LOCKED
  LOOP
    IF NOT each.is_lost THEN
      why := pgstream._backlog_excess(each.pgs_id);
      CONTINUE WHEN why IS NULL;
      why := format('the changes kept for it while %s were dropped: %s', each.status, why);
      UPDATE pgstream.pgs_stream_tables s SET needs_reinit = true, reinit_reason = why WHERE s.pgs_id = each.pgs_id;
      PERFORM pgstream._record(each.pgs_id, 'SKIP', 'SKIPPED', NULL, clock_timestamp(), 0, 'SCHEDULER', why);
      PERFORM pgstream._alert('reinitialize_needed', each.pgs_id, jsonb_build_object('reason', why));
    END IF;
    UPDATE pgstream.frontiers f SET snapshot = pg_current_snapshot(), own_xid = 0, own_seq = 0 WHERE f.pgs_id = each.pgs_id;
  END LOOP;
END
$$;
