-- Compiles the stored tree again with the facts as they are now and installs the result. When tables, key, sources or
-- strategy come out otherwise, everything but the rows is made anew and true is returned: the content must be filled again.
CREATE OR REPLACE FUNCTION pgstream._replan(id bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  request jsonb;
  new_plan jsonb;
  old_sources oid[];
  rebuilt boolean;
  ddl text;
  source record;
  owner name;
  version xid;
BEGIN
  -- Before the facts are read: DDL that comes later asks for another plan (its mark writes the row).
  SELECT s.xmin INTO version FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  request := pgstream._stored_request(id, target.refresh_mode);
  owner := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = target.pgs_relid);
  new_plan := pgstream._compile_definition(request, owner);
  old_sources := ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_captured ORDER BY 1);
  rebuilt := (new_plan #> '{install,tables}') - 0 <> (target.plan #> '{install,tables}') - 0
    OR new_plan -> 'key' <> target.plan -> 'key' OR new_plan ->> 'strategy' <> target.plan ->> 'strategy'
    -- A replaced view may read other tables.
    OR old_sources <> ARRAY(SELECT (s ->> 'relation')::oid FROM jsonb_array_elements(new_plan -> 'sources') AS s ORDER BY 1);
  IF rebuilt THEN
    PERFORM pgstream._uninstall_plan(id);
  END IF;
  UPDATE pgstream.pgs_stream_tables s
  SET needs_replan = s.needs_replan AND s.xmin <> version, is_populated = s.is_populated AND NOT rebuilt
  WHERE s.pgs_id = id;
  PERFORM pgstream._keep_plan(id, request, new_plan);
  IF rebuilt THEN
    PERFORM pgstream._install_plan(id, owner);
    PERFORM pgstream._release_sources(ARRAY(
      SELECT s FROM unnest(old_sources) AS s WHERE NOT EXISTS (
        SELECT FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.source_relid = s AND d.is_captured)));
    RETURN true;
  END IF;
  FOR source IN
    SELECT (s ->> 'relation')::oid AS relid, ARRAY(SELECT c::smallint FROM jsonb_array_elements_text(s -> 'columns') AS c) AS columns
    FROM jsonb_array_elements(new_plan -> 'sources') AS s ORDER BY 1
  LOOP
    UPDATE pgstream.pgs_dependencies d SET columns = source.columns
    WHERE d.pgs_id = id AND d.source_relid = source.relid AND d.columns <> source.columns;
    PERFORM pgstream._ensure_capture(source.relid, source.columns);
  END LOOP;
  PERFORM pgstream._install_dependencies(id);
  FOR ddl IN SELECT jsonb_array_elements_text(new_plan #> '{install,functions}') LOOP
    EXECUTE ddl;
  END LOOP;
  PERFORM pgstream._own_generated_objects(id);
  RETURN false;
END
$$;
