-- requires: schedule/_foreign_locks
-- Waits until no refresh is under way, for at most so many seconds; true when there is none. After pause_all, to be sure that
-- nothing of pg_stream is running: before a failover, an upgrade, a large change of the sources.
CREATE OR REPLACE FUNCTION pgstream.drain(timeout_s integer DEFAULT 60) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  until timestamptz;
BEGIN
  IF timeout_s IS NULL OR timeout_s < 0 THEN
    RAISE EXCEPTION 'invalid timeout_s: %', coalesce(timeout_s::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a number of seconds; 0 only asks.';
  END IF;
  until := clock_timestamp() + make_interval(secs => timeout_s);
  LOOP
    PERFORM pg_stat_clear_snapshot();
    -- Locks are seen as they are, whatever the snapshot. Whoever is about to refresh has claimed the group, or holds a lock on the
    -- frontiers, before it looks for the last time whether that is suspended.
    IF NOT EXISTS (
      SELECT FROM pg_locks l
      WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
        AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
        AND (l.relation = 'pgstream.frontiers'::regclass AND l.mode IN ('RowShareLock', 'RowExclusiveLock')
          OR l.locktype = 'advisory' AND l.objsubid = 2 AND (l.classid IN (
              SELECT pgstream._progress_class(a.action)::oid FROM (VALUES ('DIFFERENTIAL'), ('FULL'), ('REINITIALIZE')) AS a(action))
            OR l.classid = 'pgstream.graph'::regclass AND NOT EXISTS (
              SELECT FROM pgstream._foreign_locks f WHERE f.pid = l.pid AND f.classid = l.classid AND f.objid = l.objid))))
    THEN
      RETURN true;
    END IF;
    EXIT WHEN clock_timestamp() >= until;
    PERFORM pg_sleep(0.05);
  END LOOP;
  RETURN false;
END
$$;
