-- Ends a subscription. For owners.
CREATE OR REPLACE FUNCTION pgstream.unsubscribe(name text, channel text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  id bigint := pgstream._stream_table_id(name);
BEGIN
  PERFORM pgstream._check_channel(channel);
  IF pgstream._ask(id, 'unsubscribe', pg_catalog.jsonb_build_object('channel', channel)) IS NULL THEN
    RAISE EXCEPTION 'channel "%" is not subscribed to stream table "%"', channel, name
      USING ERRCODE = 'undefined_object', HINT = 'SELECT * FROM pgstream.pgs_subscriptions lists the subscriptions.';
  END IF;
END
$$;
