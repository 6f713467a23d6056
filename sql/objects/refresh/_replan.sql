-- Compiles the stored tree again with the facts as they are now and installs the result. When tables, key or strategy
-- come out otherwise, everything but the rows is made anew and true is returned: the content must be filled again.
CREATE OR REPLACE FUNCTION pgstream._replan(id bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  new_plan jsonb;
  rebuilt boolean;
  ddl text;
  source jsonb;
  version xid;
BEGIN
  -- Before the facts are read: DDL that comes later asks for another plan (its mark writes the row).
  SELECT s.xmin INTO version FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  new_plan := pgstream._compile_definition(pgstream._compile_request_for_tree(target.tree, target.definition, target.columns,
    id, target.pgs_schema, target.pgs_name, target.refresh_mode, target.settings));
  rebuilt := (new_plan #> '{install,tables}') - 0 <> (target.plan #> '{install,tables}') - 0
    OR new_plan -> 'key' <> target.plan -> 'key' OR new_plan ->> 'strategy' <> target.plan ->> 'strategy';
  IF rebuilt THEN
    PERFORM pgstream._uninstall_plan(id);
    UPDATE pgstream.pgs_stream_tables s SET plan = new_plan, needs_replan = s.needs_replan AND s.xmin <> version, is_populated = false WHERE s.pgs_id = id;
    PERFORM pgstream._install_plan(id, (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = target.pgs_relid));
    RETURN true;
  END IF;
  FOR source IN SELECT jsonb_array_elements(new_plan -> 'sources') LOOP
    PERFORM pgstream._ensure_capture((source ->> 'relation')::oid,
      ARRAY(SELECT c::smallint FROM jsonb_array_elements_text(source -> 'columns') AS c));
  END LOOP;
  FOR ddl IN SELECT jsonb_array_elements_text(new_plan #> '{install,functions}') LOOP
    EXECUTE ddl;
  END LOOP;
  UPDATE pgstream.pgs_stream_tables s SET plan = new_plan, needs_replan = s.needs_replan AND s.xmin <> version WHERE s.pgs_id = id;
  PERFORM pgstream._own_generated_objects(id);
  RETURN false;
END
$$;
