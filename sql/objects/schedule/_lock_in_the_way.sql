-- Which table keeps a refresh waiting, and who holds it: a lock of another session that conflicts with what a refresh
-- takes. NULL when there is none any more, or it is on something smaller than a table.
CREATE OR REPLACE FUNCTION pgstream._lock_in_the_way(id bigint) RETURNS text
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('waiting for a lock on %s, held by process %s', coalesce(pgstream._qualified_name(l.relation), l.relation::text), l.pid)
  FROM pg_locks l
  WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
    AND (l.mode = 'AccessExclusiveLock' AND l.relation IN (
        SELECT unnest(ARRAY[d.source_relid, t.buffer::oid] || t.carriers)
        FROM pgstream.pgs_dependencies d LEFT JOIN pgstream.pgs_change_tracking t USING (source_relid) WHERE d.pgs_id = id)
      OR l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') AND l.relation IN (
        SELECT s.pgs_relid FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id
        UNION ALL SELECT c.oid FROM pg_class c
        WHERE c.relnamespace = 'pgstream_state'::regnamespace AND c.relname ~ format('^state_%s_', id)))
  ORDER BY l.mode, l.relation LIMIT 1
$$;
