-- Puts the oids of this database into what is kept of a restored catalog: the tables of the stream tables, by name, and
-- which of them read which. The rest is forgotten, and every stream table waits to be restored.
CREATE OR REPLACE FUNCTION pgstream._renumber() RETURNS TABLE (name text, action text, detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  target record;
  reads jsonb;
  definition text;
  words text;
BEGIN
  -- Over an installation, whose foreign keys are there before the rows, dependencies and frontiers of the dump are not restored.
  reads := (
    SELECT jsonb_agg(jsonb_build_array(reader.pgs_id, s.pgs_id))
    FROM pgstream.pgs_stream_tables reader JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = ANY (reader.relations)
      OR EXISTS (SELECT FROM pgstream.pgs_dependencies d WHERE d.pgs_id = reader.pgs_id AND d.source_relid = s.pgs_relid));
  INSERT INTO pgstream.frontiers (pgs_id) SELECT s.pgs_id FROM pgstream.pgs_stream_tables s ON CONFLICT DO NOTHING;
  INSERT INTO pgstream._catalog_looks (pgs_id) SELECT s.pgs_id FROM pgstream.pgs_stream_tables s ON CONFLICT DO NOTHING;
  DELETE FROM pgstream.pgs_dependencies;
  DELETE FROM pgstream.pgs_change_tracking;
  DELETE FROM pgstream.truncations;
  DELETE FROM pgstream.open_alerts;
  DELETE FROM pgstream.graph;
  INSERT INTO pgstream.graph_changes DEFAULT VALUES;
  UPDATE pgstream.frontiers SET snapshot = NULL, own_xid = 0, own_seq = 0, system_identifier = NULL, delta_costs = NULL, small_ms = NULL,
    full_ms = NULL, full_is_measured = false, delta_ms_fixed = NULL, seen = NULL, doubt = NULL, doubt_below = NULL, skips = 0, retry_at = NULL, waiting_for = NULL,
    source_state = NULL, failed_version = NULL;
  UPDATE pgstream.pgs_stream_tables SET pgs_relid = NULL, relations = '{}', views = '{}', uses = '{}';
  FOR target IN
    SELECT s.pgs_id, format('%I.%I', s.pgs_schema, s.pgs_name) AS label FROM pgstream.pgs_stream_tables s ORDER BY 2
  LOOP
    BEGIN
      PERFORM pgstream._find_table(target.pgs_id);
      UPDATE pgstream.pgs_stream_tables s SET broken_reason = 'the database was restored, and it waits to be', is_obstructed = false
      WHERE s.pgs_id = target.pgs_id;
    EXCEPTION WHEN OTHERS THEN
      -- A lock, a full disk, a right that somebody lacks says nothing of it: it would be lost for that.
      IF pgstream._passes_by_itself(SQLSTATE, SQLERRM) OR SQLSTATE = '42501' OR left(SQLSTATE, 2) = 'XX' THEN
        RAISE;
      END IF;
      words := SQLERRM;
      definition := (SELECT pgstream._definition(s) FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = target.pgs_id);
      PERFORM pgstream._forget_stream_table(target.pgs_id);
      RETURN QUERY SELECT target.label, 'FORGOTTEN', format(E'%s; its definition was:\n%s', words, definition);
    END;
  END LOOP;
  -- For the order in which they are restored.
  INSERT INTO pgstream.pgs_dependencies (pgs_id, source_relid, columns, is_captured, is_stream_table)
  SELECT reader.pgs_id, source.pgs_relid, '{}', false, true
  FROM jsonb_array_elements(reads) AS r
  JOIN pgstream.pgs_stream_tables reader ON reader.pgs_id = (r ->> 0)::bigint
  JOIN pgstream.pgs_stream_tables source ON source.pgs_id = (r ->> 1)::bigint;
END
$$;
