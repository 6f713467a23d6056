-- Computes the content of a stream table, whose new plan is installed, into a table beside it: pgstream_state.state_<id>_next.
-- The plan that does so is that of a stream table of this name; its functions replace the real ones for as long.
CREATE OR REPLACE FUNCTION pgstream._fill_beside(id bigint, request jsonb, owner name)
RETURNS pgstream.refresh_result
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  beside jsonb := pgstream._compile_definition(jsonb_set(request, '{target}',
    jsonb_build_object('id', id, 'schema', 'pgstream_state', 'name', format('state_%s_next', id))), owner);
  ddl text;
  result pgstream.refresh_result;
BEGIN
  PERFORM pgstream._make_own(beside #>> '{install,tables,0}');
  FOR ddl IN SELECT jsonb_array_elements_text(beside #> '{install,functions}') LOOP
    EXECUTE ddl;
  END LOOP;
  PERFORM pgstream._own_generated_objects(id);
  result := pgstream._call_fill(id, 'fill');
  FOR ddl IN SELECT jsonb_array_elements_text(s.plan #> '{install,functions}') FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id LOOP
    EXECUTE ddl;
  END LOOP;
  PERFORM pgstream._own_generated_objects(id);
  RETURN result;
END
$$;
