-- pgstream._repair_stream_table for one, whatever the others of its group show.
CREATE OR REPLACE FUNCTION pgstream._repair_alone(id bigint) RETURNS void
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
  INSERT INTO pgstream._catalog_looks (pgs_id) VALUES (id) ON CONFLICT DO NOTHING;
  -- What was renamed while nobody watched.
  PERFORM pgstream._follow_name(id);
  PERFORM pgstream._follow_names(id);
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id FOR UPDATE;
  owner := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = target.pgs_relid);
  old_sources := ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id ORDER BY 1);
  PERFORM pgstream._lock_sources(ARRAY(
    SELECT d.source_relid FROM pgstream.pgs_dependencies d JOIN pg_class c ON c.oid = d.source_relid
    WHERE d.pgs_id = id AND d.is_captured AND c.relkind IN ('r', 'p') ORDER BY 1));
  FOR source IN SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_captured ORDER BY 1 LOOP
    PERFORM pgstream._repair_capture(source);
  END LOOP;
  PERFORM pgstream._install_guard(target.pgs_relid);
  IF target.needs_redefine THEN
    PERFORM pgstream._redefine_again(id, 'MANUAL');
    SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  END IF;
  PERFORM pgstream._uninstall_plan(id);
  PERFORM pgstream._define(id, owner, pgstream._stored_request(id, target.refresh_mode));
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
END
$$;
