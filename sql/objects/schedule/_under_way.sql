-- Which transactions are under way that may have counted changes of what these stream tables read (pgstream._movements) and whose
-- number is smaller: a snapshot, as pgstream._note_look keeps it; of the number itself when there is none. Asked after the
-- counters were read and before the snapshot of the refresh is taken.
--
-- Who counts writes into a change buffer or to pgstream.truncations, and holds the lock of that from before it counts until it
-- is over. So transactions that write other tables, as the refreshes of other callers do, leave no doubt.
CREATE OR REPLACE FUNCTION pgstream._under_way(ids bigint[], number bigint) RETURNS pg_snapshot
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  now CONSTANT pg_snapshot := pg_current_snapshot();
BEGIN
  -- Nearly always nobody is.
  IF number <= pg_snapshot_xmax(now)::text::bigint
    AND NOT EXISTS (SELECT FROM pg_snapshot_xip(now) AS x WHERE x::text::bigint < number) THEN
    RETURN now;
  END IF;
  IF EXISTS (
    SELECT FROM pg_locks l
    WHERE l.locktype = 'relation' AND l.granted AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'ShareUpdateExclusiveLock')
      AND l.pid IS DISTINCT FROM pg_backend_pid()
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND (l.relation = 'pgstream.truncations'::regclass OR l.relation IN (
        SELECT b.relid
        FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_change_tracking t USING (source_relid)
        CROSS JOIN LATERAL (SELECT t.buffer::oid UNION ALL SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = t.buffer) AS b(relid)
        WHERE d.pgs_id = ANY (ids) AND d.is_captured))) THEN
    RETURN now;
  END IF;
  RETURN format('%s:%s:', number, number)::pg_snapshot;
END
$$;
