-- The stream table of a name, found as PostgreSQL finds tables. No pinned search_path: it is what this reads.
CREATE OR REPLACE FUNCTION pgstream._stream_table_id(name text) RETURNS bigint
LANGUAGE plpgsql STABLE
SET exit_on_error = off
AS $$
DECLARE
  relation pg_catalog.oid;
  id bigint;
  label text;
BEGIN
  IF NOT pgstream._is_home() THEN
    PERFORM pgstream._check_home();
  END IF;
  BEGIN
    relation := pg_catalog.to_regclass(name);
  EXCEPTION WHEN invalid_name OR syntax_error OR invalid_parameter_value OR name_too_long OR feature_not_supported THEN
    relation := NULL;
  WHEN insufficient_privilege THEN
    -- Names are no secret, and whoever watches need not be let in to the schema; what takes more is checked where it is done.
    SELECT s.pgs_relid INTO relation FROM pgstream.pgs_stream_tables s, pg_catalog.parse_ident(name) AS p(parts)
    WHERE s.pgs_schema OPERATOR(pg_catalog.=) p.parts[1]::pg_catalog.name AND s.pgs_name OPERATOR(pg_catalog.=) p.parts[2]::pg_catalog.name
      AND pg_catalog.cardinality(p.parts) OPERATOR(pg_catalog.=) 2;
    IF relation IS NULL THEN
      RAISE;
    END IF;
  END;
  SELECT s.pgs_id INTO id FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid OPERATOR(pg_catalog.=) relation;
  IF id IS NOT NULL THEN
    RETURN id;
  END IF;
  label := CASE WHEN name OPERATOR(pg_catalog.~) '"' THEN name ELSE coalesce('"' || name || '"', 'NULL') END;
  IF relation IS NULL THEN
    RAISE EXCEPTION 'stream table % does not exist', label
      USING ERRCODE = 'undefined_table', HINT = 'SELECT * FROM pgstream.pgs_status() lists the stream tables.';
  ELSIF pgstream._is_left_behind(relation) THEN
    RAISE EXCEPTION '% is a stream table without its definition', label
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'A dump of the schema alone brings tables and guards, and not the catalog of pg_stream.',
        HINT = 'Restore the data too and call pgstream.restore_stream_tables(); or DROP TABLE, and create it again.';
  END IF;
  RAISE EXCEPTION '% is not a stream table', label
    USING ERRCODE = 'wrong_object_type', HINT = 'SELECT * FROM pgstream.pgs_status() lists the stream tables.';
END
$$;
