-- Does the plan of a stream table read the copy of a source?
CREATE OR REPLACE FUNCTION pgstream._reads_copy(id bigint) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = d.source_relid
    WHERE d.pgs_id = id AND s.is_copy)
$$;
