-- Puts the triggers of `source` on one of its carriers. ALWAYS: they fire for session_replication_role = replica too.
CREATE OR REPLACE FUNCTION pgstream._install_capture_triggers(source oid, carrier oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  level text;
  tells_own boolean;
  kind "char";
  target text := pgstream._qualified_name(carrier);
  event text;
  trigger_name text;
  keys CONSTANT text[] := pgstream._partition_columns(carrier);
BEGIN
  SELECT trigger_level, -6 = ANY (columns) INTO STRICT level, tells_own FROM pgstream.pgs_change_tracking WHERE source_relid = source;
  SELECT relkind INTO STRICT kind FROM pg_class WHERE oid = carrier;
  -- What is only disabled is enabled: dropping it would wait for who reads the table, and have later readers wait behind.
  FOR trigger_name IN
    SELECT t.name FROM pgstream._capture_triggers(source, carrier) AS t WHERE NOT t.enabled
    UNION ALL SELECT c FROM pgstream._disabled_clones(source, carrier) AS c
  LOOP
    EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', target, trigger_name);
  END LOOP;
  IF pgstream._capture_is_complete(source, ARRAY[carrier], level) THEN
    RETURN;
  END IF;
  PERFORM pgstream._remove_capture_triggers(source, carrier);
  FOREACH event IN ARRAY CASE WHEN level = 'STATEMENT' THEN ARRAY['insert', 'update', 'delete', 'truncate']
      || CASE WHEN tells_own AND carrier = source THEN '{own}'::text[] ELSE '{}' END
    -- A row trigger on a partitioned table would be cloned to its partitions, which have their own.
    WHEN kind = 'p' THEN ARRAY['truncate'] ELSE ARRAY['row', 'truncate'] END
  LOOP
    trigger_name := format('pgstream_capture_%s_%s', source, event);
    EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s %s EXECUTE FUNCTION pgstream_changes.capture_%s_%s()',
      trigger_name, CASE event WHEN 'row' THEN 'INSERT OR UPDATE OR DELETE' WHEN 'own' THEN 'UPDATE OR DELETE' ELSE upper(event) END, target,
      CASE event
        WHEN 'insert' THEN 'REFERENCING NEW TABLE AS pgs_new FOR EACH STATEMENT'
        WHEN 'update' THEN 'REFERENCING OLD TABLE AS pgs_old NEW TABLE AS pgs_new FOR EACH STATEMENT'
        WHEN 'delete' THEN 'REFERENCING OLD TABLE AS pgs_old FOR EACH STATEMENT'
        WHEN 'row' THEN 'FOR EACH ROW'
        WHEN 'own' THEN 'FOR EACH ROW'
        ELSE 'FOR EACH STATEMENT' END,
      source, event);
    EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', target, trigger_name);
  END LOOP;
  -- See pgstream._hides_moves. The partitions have clones, by this name.
  IF level = 'STATEMENT' AND kind = 'p' THEN
    trigger_name := format('pgstream_capture_%s_moved_%s', source, carrier);
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OF %s ON %s FOR EACH ROW WHEN (pg_catalog.record_image_ne(ROW(%s), ROW(%s))) EXECUTE FUNCTION pgstream_changes.capture_%s_moved()',
      trigger_name, array_to_string(keys, ', '), target,
      (SELECT string_agg('OLD.' || k, ', ') FROM unnest(keys) AS k), (SELECT string_agg('NEW.' || k, ', ') FROM unnest(keys) AS k), source);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', target, trigger_name);
  END IF;
END
$$;
