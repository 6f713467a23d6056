-- A channel that subscribers may be notified on: what LISTEN takes, and not the channel of our alerts.
CREATE OR REPLACE FUNCTION pgstream._check_channel(channel text) RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF channel IS NULL OR channel = '' OR octet_length(channel) > 63 THEN
    RAISE EXCEPTION 'invalid channel: %', coalesce('"' || left(channel, 100) || '"', 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a name of 1 to 63 bytes, as for LISTEN.';
  ELSIF channel = 'pg_stream_alert' THEN
    RAISE EXCEPTION 'channel "%" is for the alerts of pg_stream', channel
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose another name.';
  END IF;
END
$$;
