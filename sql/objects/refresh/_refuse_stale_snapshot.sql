-- Under REPEATABLE READ the snapshot is older than our locks, and what rewrites a table is not MVCC-safe: one truncated
-- since looks empty, a source as well as a change buffer that was emptied when others had consumed it. The file that a
-- table has now and the one it had at the snapshot tell; so do partitions that came or went.
CREATE OR REPLACE FUNCTION pgstream._refuse_stale_snapshot(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source record;
  locked text;
  plan jsonb;
  members oid[];
BEGIN
  -- What is recomputed may also read materialized views and foreign tables, which cannot be locked so.
  SELECT string_agg(pgstream._qualified_name(c.oid), ', ' ORDER BY c.oid) INTO locked
  FROM (
    SELECT unnest(ARRAY[d.source_relid, t.buffer]) AS oid
    FROM pgstream.pgs_dependencies d LEFT JOIN pgstream.pgs_change_tracking t USING (source_relid) WHERE d.pgs_id = id) AS r
  JOIN pg_class c USING (oid) WHERE c.relkind IN ('r', 'p');
  IF locked IS NOT NULL THEN
    EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE', locked);
  END IF;
  FOR source IN
    SELECT d.source_relid AS oid, c.relkind, t.buffer, coalesce(t.carriers, pgstream._capture_carriers(d.source_relid)) AS carriers,
      -- A stream table has neither parents nor children (pgstream._guard_obstacle).
      -- What is recomputed asks the planner itself, with rights that it may not have here.
      NOT d.is_stream_table AND c.relkind = 'r' AND s.strategy <> 'FULL' AS may_have_children
    FROM pgstream.pgs_dependencies d
    JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    JOIN pg_class c ON c.oid = d.source_relid
    LEFT JOIN pgstream.pgs_change_tracking t USING (source_relid)
    WHERE d.pgs_id = id ORDER BY d.source_relid
  LOOP
    -- These functions see the catalogs as they are now, the queries as they were.
    IF EXISTS (
        SELECT FROM pg_class c
        WHERE c.oid = ANY (source.carriers || ARRAY(SELECT p.relid::oid FROM pg_partition_tree(source.buffer) AS p))
          AND c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid))
      OR source.buffer IS NOT NULL AND NOT EXISTS (SELECT FROM pg_partition_tree(source.buffer)) THEN
      PERFORM pgstream._refuse_rewritten(source.oid);
    END IF;
    IF source.relkind = 'p' THEN
      members := ARRAY(SELECT p.relid FROM pg_partition_tree(source.oid) AS p);
    ELSIF source.may_have_children THEN
      -- Which inheritance children there are now, the planner knows. It runs functions of the table's indexes, so as the owner.
      plan := (SELECT e FROM pgstream._call_as_owner(id, 'explain', jsonb_build_object('relation', source.oid::bigint)) AS e);
      members := ARRAY(SELECT to_regclass(format('%I.%I', n ->> 'Schema', n ->> 'Relation Name'))::oid
        FROM jsonb_path_query(plan, 'strict $.**?(exists(@."Relation Name"))') AS n);
    ELSE
      CONTINUE;
    END IF;
    IF EXISTS (SELECT FROM unnest(pgstream._descendants(source.oid)) AS m FULL JOIN unnest(members) AS p ON p = m WHERE p IS NULL OR m IS NULL) THEN
      PERFORM pgstream._refuse_rewritten(source.oid);
    END IF;
  END LOOP;
END
$$;
