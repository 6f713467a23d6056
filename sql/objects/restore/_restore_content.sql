-- Installs what pgstream._restore_definition has compiled, and fills the stream table anew if it was filled.
CREATE OR REPLACE FUNCTION pgstream._restore_content(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  old_sources oid[] := ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id ORDER BY 1);
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  UPDATE pgstream.pgs_stream_tables s
  SET is_populated = false, needs_reinit = false, reinit_reason = NULL, status = 'INITIALIZING', consecutive_errors = 0, last_error = NULL
  WHERE s.pgs_id = id;
  PERFORM pgstream._install_plan(id, (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = target.pgs_relid));
  PERFORM pgstream._release_sources(ARRAY(
    SELECT s FROM unnest(old_sources) AS s WHERE NOT EXISTS (
      SELECT FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.source_relid = s AND d.is_captured)));
  IF target.is_populated THEN
    PERFORM pgstream._fill(id, 'MANUAL', 'the database was restored');
  END IF;
  IF target.status = 'SUSPENDED' THEN
    UPDATE pgstream.pgs_stream_tables s
    SET status = 'SUSPENDED', consecutive_errors = target.consecutive_errors, last_error = target.last_error WHERE s.pgs_id = id;
  END IF;
  PERFORM pgstream._check_guards(target.pgs_relid);
END
$$;
