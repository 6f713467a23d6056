-- Tells the channels of a stream table that a refresh has changed it: pgstream.subscribe. Never fails the refresh, and does
-- not fill up a queue that nobody reads.
CREATE OR REPLACE FUNCTION pgstream._notify_subscribers(id bigint, action text, result pgstream.refresh_result) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
BEGIN
  IF pg_notification_queue_usage() > 0.5 THEN
    RETURN;
  END IF;
  PERFORM pg_notify(c.channel, jsonb_build_object('event', 'refresh', 'schema', s.pgs_schema, 'name', s.pgs_name, 'action', action,
    'inserted', result.inserted, 'updated', result.updated, 'deleted', result.deleted)::text)
  FROM pgstream.pgs_subscriptions c JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  WHERE c.pgs_id = id;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'pg_stream could not notify the subscribers of stream table %: %', id, SQLERRM;
END
$$;
