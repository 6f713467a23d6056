-- What DDL on the columns of a stream table gets to hear.
CREATE OR REPLACE FUNCTION pgstream._refuse_other_columns(schema_name text, table_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'cannot alter the columns of stream table "%"', table_name
    USING ERRCODE = 'wrong_object_type', DETAIL = 'The columns of a stream table are those of its query.',
      HINT = format('Use pgstream.alter_stream_table(%L, query => …).', format('%I.%I', schema_name, table_name));
END
$$;
