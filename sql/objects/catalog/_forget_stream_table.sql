-- Removes everything that belongs to a stream table except the table itself: generated functions and the gate, state
-- tables, catalog rows, history, and capture that nobody else needs.
CREATE OR REPLACE FUNCTION pgstream._forget_stream_table(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  sources oid[] := ARRAY(SELECT source_relid FROM pgstream.pgs_dependencies WHERE pgs_id = id ORDER BY 1);
BEGIN
  PERFORM pgstream._uninstall_plan(id);
  EXECUTE format('DROP FUNCTION IF EXISTS pgstream_state.gate_%s(text, jsonb)', id);
  DELETE FROM pgstream.pgs_refresh_history WHERE pgs_id = id;
  DELETE FROM pgstream.pgs_stream_tables WHERE pgs_id = id;
  INSERT INTO pgstream.graph_changes DEFAULT VALUES;
  PERFORM pgstream._release_sources(sources);
END
$$;
