-- A stream table must not read itself, not through others either.
CREATE OR REPLACE FUNCTION pgstream._check_acyclic(target oid, request jsonb) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (
    WITH RECURSIVE upstream(oid) AS (
      SELECT r.key::oid FROM jsonb_each(request -> 'relations') AS r
      UNION
      SELECT d.source_relid FROM upstream JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = upstream.oid
      JOIN pgstream.pgs_dependencies d USING (pgs_id)
    )
    SELECT FROM upstream WHERE oid = target
  ) THEN
    RAISE EXCEPTION 'stream table % would read itself', target::regclass
      USING ERRCODE = 'invalid_object_definition', HINT = 'Take it out of the query, and the stream tables that read it.';
  END IF;
END
$$;
