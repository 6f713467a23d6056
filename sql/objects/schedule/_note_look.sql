-- Notes that the scheduler has looked after a stream table: what had been counted when it began, and which transactions were
-- under way then (those of the snapshot with a smaller number). Tells listeners of a refresh that did something.
CREATE OR REPLACE FUNCTION pgstream._note_look(id bigint, looked_at timestamptz, total numeric, in_flight pg_snapshot, number bigint, action text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  is_unchanged CONSTANT boolean := action = 'NO_DATA';
BEGIN
  UPDATE pgstream.frontiers f
  SET seen = total, doubt = in_flight, doubt_below = number, skips = 0, retry_at = NULL, waiting_for = NULL,
    checked_at = CASE WHEN is_unchanged THEN greatest(f.checked_at, looked_at) ELSE f.checked_at END,
    data_timestamp = CASE WHEN is_unchanged THEN greatest(f.data_timestamp, least(looked_at, (
        SELECT pgstream._time_below(ARRAY[id]) WHERE EXISTS (SELECT FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_stream_table))))
      ELSE f.data_timestamp END
  WHERE f.pgs_id = id;
  UPDATE pgstream.graph g SET fires_at = pgstream._fires_at(g.crons, clock_timestamp())
  WHERE g.pgs_id = id AND g.crons <> '{}';
  IF NOT is_unchanged THEN
    PERFORM pgstream._alert('refresh_completed', id, jsonb_build_object('action', action));
  END IF;
END
$$;
