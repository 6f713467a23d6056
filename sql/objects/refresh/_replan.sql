-- Compiles the stored tree again with the facts as they are now and installs the result. Returns true when the state
-- tables had to be made anew, so that the content must be computed anew.
CREATE OR REPLACE FUNCTION pgstream._replan(id bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  reply jsonb;
  error jsonb;
  old_plan jsonb;
  new_plan jsonb;
  rebuilt boolean;
  ddl text;
  source jsonb;
  index_oid oid;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  old_plan := target.plan;
  reply := pgstream._compile(pgstream._compile_request_for_tree(target.tree, target.definition, target.columns,
    id, target.pgs_schema, target.pgs_name, target.refresh_mode));
  error := reply -> 'error';
  IF error IS NOT NULL THEN
    RAISE EXCEPTION '%', error ->> 'message'
      USING ERRCODE = error ->> 'sqlstate', DETAIL = error ->> 'detail', HINT = error ->> 'hint';
  END IF;
  new_plan := reply -> 'plan';
  rebuilt := (new_plan #> '{install,tables}') - 0 <> (old_plan #> '{install,tables}') - 0
    OR new_plan -> 'key' <> old_plan -> 'key' OR new_plan -> 'stateTables' <> old_plan -> 'stateTables'
    OR new_plan ->> 'strategy' <> old_plan ->> 'strategy';
  IF rebuilt THEN
    FOR ddl IN SELECT jsonb_array_elements_text(old_plan -> 'stateTables') LOOP
      EXECUTE format('DROP TABLE IF EXISTS %s', ddl);
    END LOOP;
    FOR ddl IN SELECT t FROM jsonb_array_elements_text(new_plan #> '{install,tables}') WITH ORDINALITY AS u(t, i) WHERE i > 1 LOOP
      EXECUTE ddl;
    END LOOP;
    -- The indexes by which rows are found follow the key; the user's own stay.
    FOR index_oid IN SELECT unnest(pgstream._own_indexes(target.pgs_relid, old_plan -> 'key')) LOOP
      EXECUTE format('DROP INDEX %s', index_oid::regclass);
    END LOOP;
    FOR ddl IN SELECT jsonb_array_elements_text(new_plan #> '{install,indexes}') LOOP
      EXECUTE ddl;
    END LOOP;
  END IF;
  FOR source IN SELECT jsonb_array_elements(new_plan -> 'sources') LOOP
    PERFORM pgstream._ensure_capture((source ->> 'relation')::oid,
      ARRAY(SELECT c::smallint FROM jsonb_array_elements_text(source -> 'columns') AS c));
  END LOOP;
  FOR ddl IN SELECT jsonb_array_elements_text(new_plan #> '{install,functions}') LOOP
    EXECUTE ddl;
  END LOOP;
  UPDATE pgstream.pgs_stream_tables s SET plan = new_plan, needs_replan = false WHERE s.pgs_id = id;
  PERFORM pgstream._own_generated_objects(id);
  RETURN rebuilt;
END
$$;
