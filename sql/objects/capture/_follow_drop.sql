-- Cleans up behind what is dropped: sources, partitions, constraints and triggers of sources, and stream tables.
CREATE OR REPLACE FUNCTION pgstream._follow_drop() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  dropped record;
  gone oid[] := '{}';
  -- Tables that lost a part.
  touched oid[] := '{}';
  -- The schemas of dropped indexes, whose tables nobody tells; what goes with a table, a column or a constraint is told by these.
  index_schemas CONSTANT name[] := ARRAY(
    SELECT DISTINCT d.schema_name::name FROM pg_event_trigger_dropped_objects() AS d
    WHERE d.object_type = 'index' AND EXISTS (SELECT FROM pg_event_trigger_dropped_objects() AS o
      WHERE o.original AND o.object_type NOT IN ('table', 'materialized view', 'table column', 'table constraint')));
  everywhere boolean := false;
  target record;
  source oid;
BEGIN
  -- Restored from a dump: the catalog does not know its tables yet.
  IF NOT pgstream._is_home() THEN
    RETURN;
  END IF;
  FOR dropped IN SELECT * FROM pg_event_trigger_dropped_objects() LOOP
    IF dropped.classid = 'pg_class'::regclass AND dropped.objsubid = 0 AND dropped.object_type <> 'index' THEN
      gone := gone || dropped.objid;
    ELSIF dropped.object_type IN ('table column', 'foreign table column') THEN
      touched := touched || dropped.objid;
    ELSIF dropped.object_type IN ('table constraint', 'trigger') THEN
      touched := touched || to_regclass(format('%I.%I', dropped.address_names[1], dropped.address_names[2]))::oid;
    ELSIF dropped.object_type = 'subscription' THEN
      everywhere := true;
    END IF;
  END LOOP;
  -- Stream tables first: their sources are then read by fewer.
  FOR target IN SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_relid = ANY (gone) LOOP
    PERFORM pgstream._forget_stream_table(target.pgs_id);
  END LOOP;
  FOR target IN
    SELECT s.pgs_id, u AS use, s.pgs_relid FROM pgstream.pgs_stream_tables s, unnest(s.uses) AS u
    WHERE u IN (SELECT format('%s/%s', d.classid, d.objid) FROM pg_event_trigger_dropped_objects() AS d WHERE d.objsubid = 0)
  LOOP
    PERFORM pgstream._mark_stream_tables(ARRAY[target.pgs_id], 'broken', (
      SELECT format('%s %s, which the query uses, was dropped', d.object_type, d.object_identity)
      FROM pg_event_trigger_dropped_objects() AS d
      WHERE format('%s/%s', d.classid, d.objid) = target.use AND d.objsubid = 0 LIMIT 1))
    -- The array of a type goes with it.
    WHERE NOT EXISTS (
      SELECT FROM pg_event_trigger_dropped_objects() AS d WHERE format('%s/%s', d.classid, d.objid) = target.use AND d.object_identity ~ E'\\[\\]$');
  END LOOP;
  -- By hand, and not with a type.
  PERFORM pgstream._refuse_other_columns(s.pgs_schema, s.pgs_name)
  FROM pg_event_trigger_dropped_objects() AS d JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = d.objid
  WHERE d.original AND d.object_type = 'table column' AND s.plan IS NOT NULL;
  PERFORM pgstream._check_guards(s.pgs_relid) FROM pgstream.pgs_stream_tables s
  WHERE s.pgs_relid = ANY (touched) OR s.pgs_schema = ANY (index_schemas) AND NOT pgstream._has_key_index(s.pgs_relid, s.key);
  FOR target IN
    SELECT d.object_identity AS name, array_agg(s.pgs_id) AS readers
    FROM pg_event_trigger_dropped_objects() AS d JOIN pgstream.pgs_stream_tables s ON d.objid = ANY (s.views)
    WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 GROUP BY 1
  LOOP
    PERFORM pgstream._mark_stream_tables(target.readers, 'broken', format('view %s, which the query reads, was dropped', target.name));
  END LOOP;
  PERFORM pgstream._recheck_uncaptured(relation) FROM unnest(gone || touched) AS relation
  WHERE EXISTS (SELECT FROM pgstream.pgs_dependencies d WHERE NOT d.is_captured);
  PERFORM pgstream._recheck_compared(s.pgs_id) FROM pgstream.pgs_stream_tables s WHERE s.relations && (gone || touched);
  FOR source IN
    SELECT t.source_relid FROM pgstream.pgs_change_tracking t
    WHERE everywhere OR t.carriers && (gone || touched)
      -- What stood in the way may have been a partition that bears no triggers. (As text, which is as exact here: a quote in a
      -- name would be escaped.)
      OR t.fingerprint NOT LIKE '%"obstacle": null%'
      OR index_schemas <> '{}' AND EXISTS (
        SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = t.source_relid AND n.nspname = ANY (index_schemas))
        AND jsonb_array_length(t.fingerprint::jsonb -> 'indexes') <> (SELECT count(*) FROM pg_index i WHERE i.indrelid = t.source_relid)
  LOOP
    PERFORM pgstream._follow_source(source);
  END LOOP;
END
$$;
