-- Compiles the definition that `view` is, of a stream table that came with a dump, in this database.
CREATE OR REPLACE FUNCTION pgstream._restore_definition(view oid, id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  request jsonb;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  PERFORM pgstream._ensure_guard(target.pgs_relid);
  PERFORM pgstream._mark_indexes(target.pgs_relid, target.plan);
  request := pgstream._compile_request(view, id, target.pgs_schema, target.pgs_name, target.refresh_mode);
  -- The table has the types that it had; what the catalog says of them are the oids and names of another time.
  IF NOT pgstream._columns_are_whole(target.pgs_relid, request -> 'columns') THEN
    RAISE EXCEPTION 'the query gives other columns here than the stream table has' USING ERRCODE = 'datatype_mismatch';
  END IF;
  PERFORM pgstream._define(id, (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = target.pgs_relid), request);
END
$$;
