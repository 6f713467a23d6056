-- Follows DDL on what stream tables read and on stream tables themselves, in the transaction of that DDL.
CREATE OR REPLACE FUNCTION pgstream._on_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command record;
  source oid;
  readers bigint[];
BEGIN
  IF current_setting('pg_stream.internal', true) = 'probe' THEN
    PERFORM set_config('pg_stream.internal', 'seen', true);
  END IF;
  IF current_setting('pg_stream.internal', true) IN ('on', 'seen')
    OR NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables) AND NOT EXISTS (SELECT FROM pgstream.pgs_change_tracking) THEN
    RETURN;
  END IF;
  FOR command IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
    IF command.classid = 'pg_class'::regclass AND command.object_type IN ('table', 'table column', 'table constraint') THEN
      FOR source IN
        -- The relation itself, or something above it that is captured: it may just have become a child.
        WITH RECURSIVE ancestor(oid) AS (
          SELECT command.objid
          UNION SELECT i.inhparent FROM ancestor JOIN pg_inherits i ON i.inhrelid = ancestor.oid
        ), descendant(oid) AS (
          -- It may have become a partition: then its statements are no longer the only ones that write it.
          SELECT command.objid
          UNION SELECT i.inhrelid FROM descendant JOIN pg_inherits i ON i.inhparent = descendant.oid
        )
        SELECT t.source_relid FROM pgstream.pgs_change_tracking t
        WHERE command.objid = ANY (t.carriers) OR t.source_relid IN (SELECT oid FROM ancestor)
          OR t.source_relid IN (SELECT oid FROM descendant)
      LOOP
        PERFORM pgstream._recheck_source(source,
          CASE WHEN command.command_tag = 'CREATE TABLE' THEN ARRAY[command.objid] ELSE '{}' END);
      END LOOP;
      PERFORM pgstream._recheck_stream_table(command.objid);
      PERFORM pgstream._check_guards();
    ELSIF command.object_type = 'index' THEN
      PERFORM pgstream._recheck_source(i.indrelid) FROM pg_index i
      WHERE i.indexrelid = command.objid AND i.indrelid IN (SELECT source_relid FROM pgstream.pgs_change_tracking);
    ELSIF command.object_type = 'view' THEN
      readers := ARRAY(SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE command.objid = ANY (views));
      PERFORM pgstream._mark_stream_tables(readers, 'reinit', format('view %s was altered', command.object_identity));
    ELSIF command.object_type = 'schema' THEN
      UPDATE pgstream.pgs_stream_tables s SET needs_replan = true,
        pgs_schema = (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = s.pgs_relid)
      WHERE s.pgs_relid IS NOT NULL;
      -- Capture functions name no schema but our own; the fingerprints do.
      PERFORM pgstream._recheck_source(t.source_relid) FROM pgstream.pgs_change_tracking t;
    ELSIF command.object_type = 'subscription' THEN
      PERFORM pgstream._recheck_source(t.source_relid) FROM pgstream.pgs_change_tracking t;
    ELSE
      -- A function, type, operator or collation that a query uses.
      readers := ARRAY(SELECT pgs_id FROM pgstream.pgs_stream_tables
        WHERE tree ~ format('[ (]%s[ )}]', command.objid));
      PERFORM pgstream._mark_stream_tables(readers, 'reinit', format('%s %s was altered', command.object_type, command.object_identity));
    END IF;
  END LOOP;
END
$$;
