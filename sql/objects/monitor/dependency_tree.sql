-- All stream tables as a tree, drawn: at the top those that no other reads, below each what it reads, down to tables. What is
-- read in several places is drawn out in the first; "(above)" stands for the rest of it in the others.
CREATE OR REPLACE FUNCTION pgstream.dependency_tree()
RETURNS TABLE (tree_line text, node text, node_type text, depth integer, status text, refresh_mode text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  -- What is still to be drawn of the present tree, the next one last: tables, and what stands before their names.
  tables oid[];
  leads text[];
  branches text[];
  root oid;
  relation oid;
  lead text;
  branch text;
  target record;
  drawn oid[] := '{}';
  below oid[];
  again boolean;
BEGIN
  FOR root IN
    SELECT s.pgs_relid FROM pgstream.pgs_stream_tables s
    WHERE s.pgs_relid IS NOT NULL AND NOT EXISTS (SELECT FROM pgstream.pgs_dependencies d WHERE d.source_relid = s.pgs_relid)
    ORDER BY s.pgs_schema, s.pgs_name
  LOOP
    tables := ARRAY[root];
    leads := '{""}';
    branches := '{""}';
    WHILE tables <> '{}' LOOP
      relation := tables[cardinality(tables)];
      lead := leads[cardinality(tables)];
      branch := branches[cardinality(tables)];
      tables := trim_array(tables, 1);
      leads := trim_array(leads, 1);
      branches := trim_array(branches, 1);
      SELECT s.pgs_id, CASE WHEN (SELECT pgstream._is_home()) THEN s.status ELSE 'UNRESTORED' END AS status, s.refresh_mode INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = relation;
      node := coalesce(pgstream._qualified_name(relation), 'dropped table ' || relation);
      node_type := CASE WHEN target.pgs_id IS NULL THEN 'source_table' ELSE 'stream_table' END;
      status := target.status;
      refresh_mode := target.refresh_mode;
      depth := (length(lead) + length(branch)) / 4;
      again := relation = ANY (drawn);
      tree_line := lead || branch || node
        || CASE WHEN again THEN ' (above)' WHEN target.pgs_id IS NULL THEN '' ELSE format(' [%s, %s]', target.refresh_mode, target.status) END;
      RETURN NEXT;
      CONTINUE WHEN again OR target.pgs_id IS NULL;
      drawn := drawn || relation;
      lead := lead || CASE branch WHEN '' THEN '' WHEN '├── ' THEN '│   ' ELSE '    ' END;
      -- The last to be drawn is put down first.
      below := ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = target.pgs_id
        ORDER BY pgstream._qualified_name(d.source_relid) DESC);
      IF below <> '{}' THEN
        tables := tables || below;
        leads := leads || array_fill(lead, ARRAY[cardinality(below)]);
        branches := branches || '└── '::text;
        IF cardinality(below) > 1 THEN
          branches := branches || array_fill('├── '::text, ARRAY[cardinality(below) - 1]);
        END IF;
      END IF;
    END LOOP;
  END LOOP;
END
$$;
