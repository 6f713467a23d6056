-- The stream table of a name, found as PostgreSQL finds tables. No pinned search_path: it is what this reads.
CREATE OR REPLACE FUNCTION pgstream._stream_table_id(name text) RETURNS bigint
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  relation pg_catalog.oid;
  id bigint;
BEGIN
  IF NOT pgstream._is_home() THEN
    PERFORM pgstream._check_home();
  END IF;
  BEGIN
    relation := pg_catalog.to_regclass(name);
  EXCEPTION WHEN invalid_name OR syntax_error OR invalid_parameter_value OR name_too_long OR feature_not_supported THEN
    relation := NULL;
  END;
  SELECT s.pgs_id INTO id FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid OPERATOR(pg_catalog.=) relation;
  IF id IS NULL AND relation IS NULL THEN
    RAISE EXCEPTION 'stream table % does not exist', coalesce('"' || name || '"', 'NULL')
      USING ERRCODE = 'undefined_table', HINT = 'SELECT * FROM pgstream.pgs_status() lists the stream tables.';
  ELSIF id IS NULL THEN
    RAISE EXCEPTION '"%" is not a stream table', name
      USING ERRCODE = 'wrong_object_type', HINT = 'SELECT * FROM pgstream.pgs_status() lists the stream tables.';
  END IF;
  RETURN id;
END
$$;
