-- Guard of stream tables: only a refresh writes them.
CREATE OR REPLACE FUNCTION pgstream._refuse_write() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'cannot change stream table "%"', TG_TABLE_NAME
    USING ERRCODE = 'wrong_object_type', DETAIL = 'Its rows follow from its query.',
      HINT = 'Change the tables that it reads; SELECT pgstream.refresh_stream_table(…) brings it up to date at once.';
END
$$;
