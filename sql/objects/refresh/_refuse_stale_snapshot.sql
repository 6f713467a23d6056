-- Under REPEATABLE READ the snapshot is older than our locks, and what rewrites a table is not MVCC-safe: one truncated
-- since looks empty, a source as well as a change buffer that was emptied when others had consumed it. The file that a
-- table has now and the one it had at the snapshot tell; so do partitions that came or went.
CREATE OR REPLACE FUNCTION pgstream._refuse_stale_snapshot(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source record;
  buffers oid[];
  plan jsonb;
  members oid[];
BEGIN
  FOR source IN
    SELECT d.source_relid AS oid, c.relkind, t.buffer, coalesce(t.carriers, pgstream._capture_carriers(d.source_relid)) AS carriers,
      pgstream._descendants(d.source_relid) AS members
    FROM pgstream.pgs_dependencies d
    JOIN pg_class c ON c.oid = d.source_relid
    LEFT JOIN pgstream.pgs_change_tracking t USING (source_relid)
    WHERE d.pgs_id = id ORDER BY d.source_relid
  LOOP
    -- What is recomputed may also read materialized views and foreign tables, which cannot be locked so.
    IF source.relkind IN ('r', 'p') THEN
      EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE', concat_ws(', ', pgstream._qualified_name(source.oid),
        CASE WHEN source.buffer IS NOT NULL THEN pgstream._buffer_name(source.oid) END));
    END IF;
    -- These functions see the catalogs as they are now, the queries as they were.
    buffers := ARRAY(SELECT p.relid FROM pg_partition_tree(source.buffer) AS p);
    members := source.members;
    IF source.relkind = 'p' THEN
      members := ARRAY(SELECT p.relid FROM pg_partition_tree(source.oid) AS p);
    ELSIF source.relkind = 'r' THEN
      -- Which inheritance children there are now, the planner knows. It runs functions of the table's indexes, so as the owner.
      plan := (SELECT e FROM pgstream._call_as_owner(id, 'explain', jsonb_build_object('relation', source.oid::bigint)) AS e);
      members := ARRAY(SELECT to_regclass(format('%I.%I', n ->> 'Schema', n ->> 'Relation Name'))::oid
        FROM jsonb_path_query(plan, 'strict $.**?(exists(@."Relation Name"))') AS n);
    END IF;
    IF source.buffer IS NOT NULL AND buffers = '{}'
      OR EXISTS (SELECT FROM pg_class c WHERE c.oid = ANY (source.carriers || buffers)
        AND c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid))
      OR EXISTS (SELECT FROM unnest(source.members) AS m FULL JOIN unnest(members) AS p ON p = m WHERE p IS NULL OR m IS NULL) THEN
      RAISE EXCEPTION 'could not serialize access: source table % was truncated or rewritten', pgstream._qualified_name(source.oid)
        USING ERRCODE = 'serialization_failure', HINT = 'Retry the transaction.';
    END IF;
  END LOOP;
END
$$;
