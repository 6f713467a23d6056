-- Reads the text of a stream table's definition again, in this database, with its owner's rights and under the settings of
-- its creation, and compiles it. The SET clauses only see to it that the caller's settings are back afterwards.
CREATE OR REPLACE FUNCTION pgstream._restore_definition(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET DateStyle FROM CURRENT
SET IntervalStyle FROM CURRENT
SET TimeZone FROM CURRENT
SET bytea_output FROM CURRENT
SET default_text_search_config FROM CURRENT
SET extra_float_digits FROM CURRENT
SET lc_monetary FROM CURRENT
SET lc_numeric FROM CURRENT
SET lc_time FROM CURRENT
SET xmlbinary FROM CURRENT
SET xmloption FROM CURRENT
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  view oid;
  request jsonb;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  PERFORM pgstream._uninstall_plan(id);
  PERFORM pgstream._own_generated_objects(id);
  PERFORM set_config(s.key, s.value, true) FROM jsonb_each_text(target.settings) AS s;
  view := (SELECT v::text::oid FROM pgstream._call_as_owner(id, 'view') AS v);
  request := pgstream._compile_request(view, id, target.pgs_schema, target.pgs_name, target.refresh_mode);
  PERFORM pgstream._drop_view();
  -- Types by their names: their oids are others here.
  IF jsonb_path_query_array(request -> 'columns', '$[*].name') <> jsonb_path_query_array(target.columns, '$[*].name')
    OR jsonb_path_query_array(request -> 'columns', '$[*].sql') <> jsonb_path_query_array(target.columns, '$[*].sql')
    OR NOT pgstream._columns_are_whole(target.pgs_relid, request -> 'columns') THEN
    RAISE EXCEPTION 'the query gives other columns here than the stream table has' USING ERRCODE = 'datatype_mismatch';
  END IF;
  PERFORM pgstream._define(id, (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = target.pgs_relid), request);
END
$$;
