-- Cleans up behind what is dropped: sources, partitions, constraints and triggers of sources, and stream tables.
CREATE OR REPLACE FUNCTION pgstream._follow_drop() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  dropped record;
  gone oid[] := '{}';
  details boolean := false;
  target record;
  source oid;
BEGIN
  FOR dropped IN SELECT * FROM pg_event_trigger_dropped_objects() LOOP
    IF dropped.classid = 'pg_class'::regclass AND dropped.objsubid = 0 AND dropped.object_type <> 'index' THEN
      gone := gone || dropped.objid;
    ELSIF dropped.object_type IN ('index', 'table constraint', 'trigger', 'table column', 'view column', 'subscription') THEN
      details := true;
    END IF;
  END LOOP;
  -- Stream tables first: their sources are then read by fewer.
  FOR target IN SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_relid = ANY (gone) LOOP
    PERFORM pgstream._forget_stream_table(target.pgs_id);
  END LOOP;
  IF details THEN
    PERFORM pgstream._check_guards();
  END IF;
  PERFORM pgstream._mark_stream_tables(ARRAY(
      SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE views && gone), 'broken', 'a view that the query reads was dropped');
  PERFORM pgstream._mark_dependents(d.source_relid, NULL, 'broken', 'a source table was dropped')
  FROM (SELECT DISTINCT source_relid FROM pgstream.pgs_dependencies WHERE source_relid = ANY (gone)
    EXCEPT SELECT source_relid FROM pgstream.pgs_change_tracking) AS d;
  FOR source IN
    SELECT t.source_relid FROM pgstream.pgs_change_tracking t WHERE details OR t.carriers && gone
  LOOP
    PERFORM pgstream._recheck_source(source);
  END LOOP;
END
$$;
