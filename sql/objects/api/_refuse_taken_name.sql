-- What create_stream_table says when there is such a relation.
CREATE OR REPLACE FUNCTION pgstream._refuse_taken_name(table_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'relation "%" already exists', table_name
    USING ERRCODE = 'duplicate_table', HINT = 'Choose another name, or change the existing stream table by pgstream.alter_stream_table.';
END
$$;
