-- Takes a stream table out of SUSPENDED or ERROR, if what it lacked is there again.
CREATE OR REPLACE FUNCTION pgstream.resume_stream_table(name text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM pgstream._resume(pgstream._stream_table_id(name));
END
$$;
