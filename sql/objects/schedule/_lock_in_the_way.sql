-- Which table keeps a refresh of a stream table and of its group waiting, and who holds it: a lock of another session, or of a
-- prepared transaction (it has no process; its number is that which it holds a lock on), that conflicts with what a refresh takes.
-- NULL when there is none any more. Locks on rows cannot be seen, only who has some: SELECT … FOR UPDATE on a stream table takes ROW SHARE
-- on it, and so does who writes a table that refers to it, which says little unless `of_rows` was what a refresh has met.
CREATE OR REPLACE FUNCTION pgstream._lock_in_the_way(id bigint, of_rows boolean DEFAULT true) RETURNS text
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  WITH members AS MATERIALIZED (
    SELECT id AS pgs_id UNION SELECT o.pgs_id FROM pgstream.graph g JOIN pgstream.graph o USING (group_id) WHERE g.pgs_id = id
  )
  SELECT coalesce((SELECT k.words FROM pgstream._kept_by_prepared() k WHERE k.pgs_id = id), (
  SELECT format('waiting for a lock on %s%s, held by %s', CASE l.mode WHEN 'RowShareLock' THEN 'rows of ' ELSE '' END, coalesce(pgstream._qualified_name(l.relation), l.relation::text),
    CASE WHEN l.pid IS NULL THEN format('prepared transaction %L', p.gid) ELSE format('process %s', l.pid) END)
  FROM pg_locks l
  LEFT JOIN pg_locks x ON l.pid IS NULL AND x.pid IS NULL AND x.virtualtransaction = l.virtualtransaction
    AND x.locktype = 'transactionid' AND x.mode = 'ExclusiveLock'
  LEFT JOIN pg_prepared_xacts p ON p.transaction = x.transactionid
  WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
    AND (l.mode = 'AccessExclusiveLock' AND l.relation IN (
        SELECT unnest(ARRAY[d.source_relid, t.buffer::oid] || t.carriers)
        FROM pgstream.pgs_dependencies d LEFT JOIN pgstream.pgs_change_tracking t USING (source_relid)
        WHERE d.pgs_id IN (SELECT m.pgs_id FROM members m))
      OR l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') AND l.relation IN (
        SELECT s.pgs_relid FROM pgstream.pgs_stream_tables s JOIN members m USING (pgs_id)
        UNION ALL SELECT c.oid FROM pg_class c JOIN members m ON c.relname ~ format('^state_%s_', m.pgs_id)
        WHERE c.relnamespace = 'pgstream_state'::regnamespace)
      OR of_rows AND l.mode = 'RowShareLock' AND l.relation IN (SELECT s.pgs_relid FROM pgstream.pgs_stream_tables s JOIN members m USING (pgs_id)))
  ORDER BY l.mode = 'RowShareLock', l.mode, l.relation LIMIT 1))
$$;
