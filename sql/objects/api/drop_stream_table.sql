-- Drops a stream table and everything made for it; with cascade also what depends on it, stream tables included.
CREATE OR REPLACE FUNCTION pgstream.drop_stream_table(name text, cascade boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM pgstream._check_flag('cascade', cascade);
  PERFORM pgstream._ask(pgstream._stream_table_id(name), 'drop', pg_catalog.jsonb_build_object('cascade', cascade));
END
$$;
