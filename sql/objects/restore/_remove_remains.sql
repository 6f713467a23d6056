-- Removes what a restored database has of the one it comes from: whatever bears its oids in names and bodies, and what is
-- noted of them. Stream tables, definitions and history stay.
CREATE OR REPLACE FUNCTION pgstream._remove_remains() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  remains record;
BEGIN
  FOR remains IN
    SELECT format('DROP TRIGGER %I ON %s', t.tgname, pgstream._qualified_name(t.tgrelid)) AS ddl
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE p.pronamespace = 'pgstream_changes'::regnamespace AND t.tgparentid = 0 AND NOT t.tgisinternal
    ORDER BY t.tgrelid, t.tgname
  LOOP
    EXECUTE remains.ddl;
  END LOOP;
  FOR remains IN
    SELECT format('DROP FUNCTION %s', p.oid::regprocedure) AS ddl FROM pg_proc p
    WHERE p.pronamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace)
    UNION ALL
    -- Partitions go with their table.
    SELECT format('DROP TABLE %s', pgstream._qualified_name(c.oid)) FROM pg_class c
    WHERE c.relnamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace) AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition
  LOOP
    EXECUTE remains.ddl;
  END LOOP;
  DELETE FROM pgstream.pgs_dependencies;
  DELETE FROM pgstream.pgs_change_tracking;
  DELETE FROM pgstream.truncations;
  DELETE FROM pgstream.open_alerts;
  UPDATE pgstream.frontiers SET snapshot = NULL, own_xid = 0, own_seq = 0, system_identifier = NULL, delta_costs = NULL,
    full_ms = NULL, delta_ms_fixed = NULL, skips = 0, retry_at = NULL, waiting_for = NULL;
  UPDATE pgstream.pgs_stream_tables SET pgs_relid = NULL, relations = '{}', views = '{}', uses = '{}';
END
$$;
