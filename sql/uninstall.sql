-- Removes pg_stream and everything that it made in this database: capture, generated functions, state tables, and the
-- stream tables themselves. Stops at a stream table that a view or function of yours depends on.
DO $$
DECLARE
  made record;
BEGIN
  SET LOCAL client_min_messages = warning;
  DROP EVENT TRIGGER IF EXISTS pg_stream_ddl;
  DROP EVENT TRIGGER IF EXISTS pg_stream_drop;
  FOR made IN
    SELECT format('TABLE %s', s.pgs_relid::regclass) AS name FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid IS NOT NULL
  LOOP
    EXECUTE 'DROP ' || made.name;
  END LOOP;
  FOR made IN
    SELECT format('TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass) AS name FROM pg_catalog.pg_trigger t
    WHERE t.tgname ~ '^pgstream_capture_[0-9]+_' AND t.tgparentid = 0
  LOOP
    EXECUTE 'DROP ' || made.name;
  END LOOP;
  DROP SCHEMA pgstream_state CASCADE;
  DROP SCHEMA pgstream_changes CASCADE;
  DROP SCHEMA pgstream CASCADE;
END
$$;
