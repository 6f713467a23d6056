-- Has a channel notified of each refresh that changes the stream table. For owners. A second time it changes nothing.
CREATE OR REPLACE FUNCTION pgstream.subscribe(name text, channel text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  id bigint := pgstream._stream_table_id(name);
BEGIN
  PERFORM pgstream._check_channel(channel);
  PERFORM pgstream._ask(id, 'subscribe', pg_catalog.jsonb_build_object('channel', channel));
END
$$;
