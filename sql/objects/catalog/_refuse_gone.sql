-- Of a stream table that was there when it was named: whoever we waited for may have dropped it.
CREATE OR REPLACE FUNCTION pgstream._refuse_gone(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- By FOR KEY SHARE, which waits for nobody but who drops it.
  PERFORM FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the stream table was dropped by another transaction'
      USING ERRCODE = 'undefined_table', HINT = 'SELECT * FROM pgstream.pgs_status() lists the stream tables.';
  END IF;
END
$$;
