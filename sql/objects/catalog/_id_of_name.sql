-- The stream table that create_stream_table would collide with; NULL when there is none. No pinned search_path: it is what
-- this reads.
CREATE OR REPLACE FUNCTION pgstream._id_of_name(name text) RETURNS bigint
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  place record := pgstream._split_name(name);
BEGIN
  RETURN (SELECT s.pgs_id FROM pgstream.pgs_stream_tables s
    WHERE s.pgs_schema OPERATOR(pg_catalog.=) place.schema_name::pg_catalog.name AND s.pgs_name OPERATOR(pg_catalog.=) place.table_name::pg_catalog.name);
END
$$;
