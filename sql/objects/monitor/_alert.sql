-- Tells listeners of pg_stream_alert what happened: at most once per refresh, for NOTIFY takes a cluster-wide lock. It
-- never fails what it tells of: long texts are cut until the whole, JSON throughout, fits into a notification, and a queue
-- that nobody reads is not filled up.
CREATE OR REPLACE FUNCTION pgstream._alert(event text, id bigint, payload jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  about jsonb;
  message text;
  -- NOTIFY_PAYLOAD_MAX_LENGTH in async.c is this, exclusive, in bytes of the server's encoding.
  room CONSTANT integer := current_setting('block_size')::integer - 64 - 128;
  most integer;
BEGIN
  IF pg_notification_queue_usage() > 0.5 THEN
    RETURN;
  END IF;
  about := jsonb_build_object('event', event) || coalesce(
    (SELECT jsonb_build_object('pgs_id', id, 'schema', s.pgs_schema, 'name', s.pgs_name)
     FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id), jsonb_strip_nulls(jsonb_build_object('pgs_id', id)));
  message := (about || payload)::text;
  FOREACH most IN ARRAY ARRAY[8000, 1000, 100, 0] LOOP
    EXIT WHEN octet_length(message) < room;
    message := (about || coalesce((
      SELECT jsonb_object_agg(p.key, CASE WHEN jsonb_typeof(p.value) = 'string' AND length(p.value #>> '{}') > most
        THEN to_jsonb(left(p.value #>> '{}', most) || '...') ELSE p.value END)
      FROM jsonb_each(payload) AS p), '{}'))::text;
  END LOOP;
  IF octet_length(message) >= room THEN
    message := about::text;
  END IF;
  PERFORM pg_notify('pg_stream_alert', message);
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'pg_stream could not send the alert %: %', event, SQLERRM;
END
$$;
