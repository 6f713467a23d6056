-- Behind the gate: another refresh mode for the query as it was analysed.
CREATE OR REPLACE FUNCTION pgstream._redefine_mode(id bigint, mode text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
BEGIN
  PERFORM FROM pgstream.frontiers WHERE pgs_id = id FOR UPDATE;
  SELECT * INTO target FROM pgstream.pgs_stream_tables WHERE pgs_id = id FOR UPDATE;
  PERFORM pgstream._replace_definition(id, pgstream._stored_request(id, mode), mode);
END
$$;
