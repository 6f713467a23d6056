-- Follows DDL on what stream tables read and on stream tables themselves, in the transaction of that DDL. Only an event
-- trigger can call it (pgstream._on_ddl): elsewhere there are no DDL commands to be had.
CREATE OR REPLACE FUNCTION pgstream._follow_ddl() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command record;
  -- The table that the command is about.
  relation oid;
  source oid;
  readers bigint[];
  concerned text[];
BEGIN
  IF NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables) AND NOT EXISTS (SELECT FROM pgstream.pgs_change_tracking)
    -- Restored from a dump: the catalog does not know its tables yet.
    OR NOT pgstream._is_home() THEN
    RETURN;
  END IF;
  FOR command IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
    relation := CASE
      WHEN command.object_type IN ('table', 'table column', 'table constraint', 'foreign table', 'foreign table column',
        'materialized view', 'materialized view column') THEN command.objid
      WHEN command.object_type = 'trigger' THEN (SELECT t.tgrelid FROM pg_trigger t WHERE t.oid = command.objid)
      WHEN command.object_type = 'rule' THEN (SELECT r.ev_class FROM pg_rewrite r WHERE r.oid = command.objid) END;
    IF command.command_tag = 'CREATE TRIGGER' THEN
      PERFORM pgstream._refuse_stray_trigger(command.objid);
    END IF;
    IF relation IS NOT NULL THEN
      FOR source IN
        -- The relation itself, or something above it that is captured: it may just have become a child.
        WITH RECURSIVE ancestor(oid) AS (
          SELECT relation
          UNION SELECT i.inhparent FROM ancestor JOIN pg_inherits i ON i.inhrelid = ancestor.oid
        ), descendant(oid) AS (
          -- It may have become a partition: then its statements are no longer the only ones that write it.
          SELECT relation
          UNION SELECT i.inhrelid FROM descendant JOIN pg_inherits i ON i.inhparent = descendant.oid
        )
        SELECT t.source_relid FROM pgstream.pgs_change_tracking t
        WHERE relation = ANY (t.carriers) OR t.source_relid IN (SELECT oid FROM ancestor)
          OR t.source_relid IN (SELECT oid FROM descendant)
      LOOP
        PERFORM pgstream._follow_source(source,
          CASE WHEN command.command_tag = 'CREATE TABLE' THEN ARRAY[relation] ELSE '{}' END);
      END LOOP;
      PERFORM pgstream._recheck_uncaptured(relation);
      -- It may be a constant of type regclass.
      PERFORM pgstream._follow_names(s.pgs_id) FROM pgstream.pgs_stream_tables s
      WHERE s.uses && ARRAY[format('%s/%s', 'pg_class'::regclass::oid, relation)];
      -- It may be the type of a column.
      concerned := pgstream._event_uses('pg_class'::regclass, relation);
      PERFORM pgstream._mark_stream_tables(
        ARRAY(SELECT s.pgs_id FROM pgstream.pgs_stream_tables s
          WHERE s.uses && concerned AND pgstream._shapes_differ(s.plan, jsonb_build_object('shapes', pgstream._row_shapes(concerned)))),
        'reinit', format('the columns of table %s were changed', pgstream._qualified_name(relation)));
      PERFORM pgstream._recheck_compared(s.pgs_id) FROM pgstream.pgs_stream_tables s WHERE relation = ANY (s.relations);
      PERFORM pgstream._note_family(relation);
      PERFORM pgstream._recheck_stream_table(relation);
      PERFORM pgstream._check_guards(relation);
      -- It may have become the parent or the child of one.
      PERFORM pgstream._check_guards(s.pgs_relid) FROM pgstream.pgs_stream_tables s
      JOIN pg_inherits i ON i.inhrelid = s.pgs_relid AND i.inhparent = relation OR i.inhparent = s.pgs_relid AND i.inhrelid = relation;
    ELSIF command.object_type = 'index' THEN
      PERFORM pgstream._follow_source(i.indrelid) FROM pg_index i
      WHERE i.indexrelid = command.objid AND i.indrelid IN (SELECT source_relid FROM pgstream.pgs_change_tracking);
    ELSIF command.object_type IN ('view', 'view column') THEN
      readers := ARRAY(SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE command.objid = ANY (views));
      PERFORM pgstream._mark_stream_tables(readers, 'reinit', format('view %s was altered', pgstream._qualified_name(command.objid)));
      PERFORM pgstream._mark_cycle(r) FROM unnest(readers) AS r;
    ELSIF command.object_type = 'schema' THEN
      CONTINUE WHEN command.command_tag <> 'ALTER SCHEMA';
      -- Not the stream tables of others: their rows would be locked until this is committed.
      UPDATE pgstream.pgs_stream_tables s SET needs_replan = true,
        pgs_schema = (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = s.pgs_relid)
      WHERE s.pgs_id IN (SELECT pgstream._readers_of_schema(command.objid));
      PERFORM pgstream._follow_names(r) FROM pgstream._readers_of_schema(command.objid) AS r;
      -- Capture functions name no schema but our own; the fingerprints do.
      PERFORM pgstream._follow_source(t.source_relid) FROM pgstream.pgs_change_tracking t
      JOIN pg_class c ON c.oid = t.source_relid WHERE c.relnamespace = command.objid;
    ELSIF command.object_type = 'subscription' THEN
      PERFORM pgstream._follow_source(t.source_relid) FROM pgstream.pgs_change_tracking t;
    ELSIF command.schema_name = 'pgstream_state' THEN
      RAISE EXCEPTION '% is generated by pg_stream', command.object_identity
        USING ERRCODE = 'wrong_object_type', HINT = 'Use pgstream.alter_stream_table or pgstream.drop_stream_table.';
    ELSE
      -- A function, type, operator or collation that a query uses, or the extension that it is of.
      concerned := pgstream._event_uses(command.classid, command.objid);
      readers := ARRAY(SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE uses && concerned);
      PERFORM pgstream._mark_stream_tables(readers, 'reinit', format('%s %s was altered', command.object_type, command.object_identity));
      PERFORM pgstream._follow_rival(command.classid, command.objid);
      -- Tables of a composite type get its new columns.
      PERFORM pgstream._follow_source(t.source_relid) FROM pgstream.pgs_change_tracking t, pg_class c
      WHERE c.oid = ANY (t.carriers) AND c.reloftype <> 0;
    END IF;
  END LOOP;
END
$$;
