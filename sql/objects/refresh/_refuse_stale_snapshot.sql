-- Under REPEATABLE READ the snapshot is older than our locks, and what rewrites a table is not MVCC-safe: one truncated
-- since looks empty, a source as well as a change buffer that was emptied when others had consumed it. The file that a
-- table has now and the one it had at the snapshot tell; so do partitions that came or went.
CREATE OR REPLACE FUNCTION pgstream._refuse_stale_snapshot(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source record;
  part oid;
BEGIN
  FOR source IN
    SELECT d.source_relid AS oid, t.buffer, coalesce(t.carriers, ARRAY[d.source_relid]) AS carriers
    FROM pgstream.pgs_dependencies d LEFT JOIN pgstream.pgs_change_tracking t USING (source_relid)
    WHERE d.pgs_id = id ORDER BY d.source_relid
  LOOP
    EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE', concat_ws(', ', pgstream._qualified_name(source.oid), source.buffer));
    FOR part IN
      SELECT unnest(source.carriers) UNION ALL SELECT p.relid FROM pg_partition_tree(source.buffer) AS p
    LOOP
      IF pg_relation_filenode(part) IS DISTINCT FROM (SELECT nullif(c.relfilenode, 0) FROM pg_class c WHERE c.oid = part)
        OR source.buffer IS NOT NULL
          AND EXISTS (SELECT FROM pg_partition_tree(source.oid) AS p WHERE p.relid <> ALL (source.carriers)) THEN
        RAISE EXCEPTION 'could not serialize access: source table % was truncated or rewritten', pgstream._qualified_name(source.oid)
          USING ERRCODE = 'serialization_failure', HINT = 'Retry the transaction.';
      END IF;
    END LOOP;
  END LOOP;
END
$$;
