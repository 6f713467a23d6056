-- Behind the gate: repair_stream_table.
CREATE OR REPLACE FUNCTION pgstream._repair_stream_table(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  owner name;
  old_sources oid[];
  source oid;
BEGIN
  PERFORM FROM pgstream.frontiers f WHERE f.pgs_id = id FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO pgstream.frontiers (pgs_id) VALUES (id);
  END IF;
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id FOR UPDATE;
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'a stream table cannot be repaired in a % transaction', current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state', HINT = 'Repair it in a READ COMMITTED transaction.';
  END IF;
  owner := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = target.pgs_relid);
  old_sources := ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id ORDER BY 1);
  FOR source IN SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_captured ORDER BY 1 LOOP
    PERFORM pgstream._repair_capture(source);
  END LOOP;
  PERFORM pgstream._install_guard(target.pgs_relid);
  IF target.needs_redefine THEN
    PERFORM pgstream._redefine_again(id, 'MANUAL');
    SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  END IF;
  PERFORM pgstream._uninstall_plan(id);
  PERFORM pgstream._define(id, owner, pgstream._compile_request_for_tree(target.tree, target.definition, target.columns,
    id, target.pgs_schema, target.pgs_name, target.refresh_mode, target.settings));
  PERFORM pgstream._install_plan(id, owner);
  PERFORM pgstream._release_sources(ARRAY(
    SELECT s FROM unnest(old_sources) AS s WHERE NOT EXISTS (
      SELECT FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.source_relid = s AND d.is_captured)));
  UPDATE pgstream.pgs_stream_tables s
  SET status = 'INITIALIZING', is_populated = false, needs_reinit = false, reinit_reason = NULL, consecutive_errors = 0,
    last_error = NULL, paused = false
  WHERE s.pgs_id = id;
  UPDATE pgstream.frontiers f SET skips = 0, retry_at = NULL, waiting_for = NULL WHERE f.pgs_id = id;
  PERFORM pgstream._fill(id, 'MANUAL', 'the stream table was repaired');
  PERFORM pgstream._check_guards(target.pgs_relid);
  BEGIN
    PERFORM pgstream._align_group(id);
  EXCEPTION WHEN OTHERS THEN
    -- Another member of its group is damaged, too: that one's repair does it, or the scheduler.
    NULL;
  END;
END
$$;
