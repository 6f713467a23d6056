-- Makes what a plan asks for, for a stream table whose catalog row holds it: tables, functions, capture, rights. The
-- stream table itself (the first of the plan's tables) is made unless it exists. Rows come later (pgstream._fill, then
-- pgstream._install_indexes).
CREATE OR REPLACE FUNCTION pgstream._install_plan(id bigint, owner name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  label text;
  relation oid;
  source record;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables WHERE pgs_id = id;
  label := format('%I.%I', target.pgs_schema, target.pgs_name);
  IF target.pgs_relid IS NULL THEN
    relation := pgstream._make_stream_table(label, target.plan #>> '{install,tables,0}', owner);
    UPDATE pgstream.pgs_stream_tables SET pgs_relid = relation WHERE pgs_id = id;
  END IF;
  PERFORM pgstream._make_own(s)
  FROM jsonb_array_elements_text(target.plan #> '{install,tables}') WITH ORDINALITY AS u(s, i) WHERE i > 1;
  PERFORM pgstream._install_functions(id);

  DELETE FROM pgstream.pgs_dependencies WHERE pgs_id = id;
  PERFORM pgstream._lock_uncaptured(target.plan -> 'sources');
  -- In the order of their oids, like everybody else: no deadlocks among definitions.
  FOR source IN
    SELECT (s ->> 'relation')::oid AS relid, ARRAY(SELECT c::smallint FROM jsonb_array_elements_text(s -> 'columns') AS c) AS columns
    FROM jsonb_array_elements(target.plan -> 'sources') AS s ORDER BY 1
  LOOP
    INSERT INTO pgstream.pgs_dependencies (pgs_id, source_relid, columns, is_stream_table)
    VALUES (id, source.relid, source.columns, EXISTS (SELECT FROM pgstream.pgs_stream_tables WHERE pgs_relid = source.relid));
    PERFORM pgstream._ensure_capture(source.relid, source.columns);
  END LOOP;
  PERFORM pgstream._install_dependencies(id);
  INSERT INTO pgstream.graph_changes DEFAULT VALUES;
  PERFORM pgstream._own_generated_objects(id);
END
$$;
