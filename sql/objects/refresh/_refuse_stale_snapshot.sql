-- Under REPEATABLE READ the snapshot is older than our locks, and what rewrites a table is not MVCC-safe: one truncated
-- since looks empty, a source as well as a change buffer that was emptied when others had consumed it. The file that a
-- table has now and the one it had at the snapshot tell; so do partitions that came or went. Of all that these stream tables
-- read at once: what several read is looked at once.
CREATE OR REPLACE FUNCTION pgstream._refuse_stale_snapshot(ids bigint[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  source record;
  locked text;
  rewritten oid;
  plan jsonb;
  members oid[];
BEGIN
  -- What is recomputed may also read materialized views and foreign tables, which cannot be locked so.
  SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY c.oid) INTO locked
  FROM (
    SELECT d.source_relid AS oid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = ANY (ids)
    UNION
    SELECT t.buffer FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_change_tracking t USING (source_relid) WHERE d.pgs_id = ANY (ids)) AS r
  JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p');
  IF locked IS NOT NULL THEN
    BEGIN
      EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE', locked);
    EXCEPTION WHEN undefined_table OR invalid_schema_name THEN
      -- By the names of before.
      RAISE EXCEPTION 'could not serialize access: %', SQLERRM
        USING ERRCODE = 'serialization_failure', DETAIL = 'It was renamed or dropped meanwhile.', HINT = 'Retry the transaction.';
    END;
  END IF;
  -- These functions see the catalogs as they are now, the queries as they were.
  SELECT s.oid INTO rewritten
  FROM (
    SELECT DISTINCT d.source_relid AS oid, t.buffer, coalesce(t.carriers, pgstream._capture_carriers(d.source_relid)) AS carriers
    FROM pgstream.pgs_dependencies d JOIN pg_class c ON c.oid = d.source_relid
    LEFT JOIN pgstream.pgs_change_tracking t USING (source_relid)
    WHERE d.pgs_id = ANY (ids)) AS s
  CROSS JOIN LATERAL (SELECT array_agg(p.relid::oid) AS parts FROM pg_partition_tree(s.buffer) AS p) AS b
  WHERE s.buffer IS NOT NULL AND b.parts IS NULL
    OR EXISTS (SELECT FROM pg_class c WHERE c.oid = ANY (s.carriers || b.parts)
      AND c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid))
  ORDER BY s.oid LIMIT 1;
  IF FOUND THEN
    PERFORM pgstream._refuse_rewritten(rewritten);
  END IF;
  FOR source IN
    -- A stream table has neither parents nor children (pgstream._guard_obstacle).
    -- What is recomputed asks the planner itself, with rights that it may not have here.
    SELECT d.source_relid AS oid, c.relkind, min(d.pgs_id) AS reader
    FROM pgstream.pgs_dependencies d
    JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    JOIN pg_class c ON c.oid = d.source_relid
    WHERE d.pgs_id = ANY (ids) AND NOT d.is_stream_table AND s.broken_reason IS NULL
      AND (c.relkind = 'p' OR c.relkind = 'r' AND s.strategy <> 'FULL')
    GROUP BY d.source_relid, c.relkind ORDER BY d.source_relid
  LOOP
    IF source.relkind = 'p' THEN
      members := ARRAY(SELECT p.relid FROM pg_partition_tree(source.oid) AS p);
    ELSE
      -- Which inheritance children there are now, the planner knows. It runs functions of the table's indexes, so as the owner.
      plan := (SELECT e FROM pgstream._call_as_owner(source.reader, 'explain', jsonb_build_object('relation', source.oid::bigint)) AS e);
      members := ARRAY(SELECT to_regclass(format('%I.%I', n ->> 'Schema', n ->> 'Relation Name'))::oid
        FROM jsonb_path_query(plan, 'strict $.**?(exists(@."Relation Name"))') AS n);
    END IF;
    IF EXISTS (SELECT FROM unnest(pgstream._descendants(source.oid)) AS m FULL JOIN unnest(members) AS p ON p = m WHERE p IS NULL OR m IS NULL) THEN
      PERFORM pgstream._refuse_rewritten(source.oid);
    END IF;
  END LOOP;
END
$$;
