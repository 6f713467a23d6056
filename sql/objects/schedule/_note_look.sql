-- Notes that the scheduler has looked after stream tables, one or a group: what was done, what had been counted when it began,
-- and which transactions were under way then (those of the snapshot with a smaller number). Tells listeners of a refresh that
-- did something. Under the search_path that its callers pin.
--
-- While nothing more is counted, only those can have counted that were under way when the count was first seen: of later
-- transactions none is waited for, however many come and go elsewhere.
CREATE OR REPLACE FUNCTION pgstream._note_look(
  ids bigint[], actions text[], totals numeric[], as_of timestamptz, below timestamptz, in_flight pg_snapshot, number bigint, is_grouped boolean
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  -- Nearly always nobody was under way who might have counted: a later number has not.
  oldest CONSTANT bigint := least(pg_snapshot_xmax(in_flight)::text::bigint,
    (SELECT min(x::text::bigint) FROM pg_snapshot_xip(in_flight) AS x));
BEGIN
  -- One by one, by key: what joins them to all stream tables costs more with each that there is.
  FOR i IN 1..cardinality(ids) LOOP
    UPDATE pgstream.frontiers f
    SET seen = totals[i],
      doubt = CASE WHEN oldest < CASE WHEN f.seen = totals[i] THEN coalesce(f.doubt_below, number) ELSE number END THEN in_flight END,
      doubt_below = CASE WHEN f.seen = totals[i] THEN coalesce(f.doubt_below, number) ELSE number END,
      skips = 0, retry_at = NULL, waiting_for = NULL, failed_version = NULL,
      -- What has moved was dated when it did, unless it is of the moment of its group.
      checked_at = CASE WHEN is_grouped OR f.checked_at > as_of + interval '1 minute' THEN as_of
        WHEN actions[i] = 'NO_DATA' THEN greatest(f.checked_at, as_of) ELSE f.checked_at END,
      data_timestamp = nullif(CASE WHEN is_grouped THEN least(as_of, below)
        WHEN actions[i] = 'NO_DATA' THEN greatest(f.data_timestamp, least(as_of, below))
        ELSE least(f.data_timestamp, below) END, '-infinity')
    WHERE f.pgs_id = ids[i];
    -- From when it looked: a time that came since is still to be served. Whoever computes the graph anew holds its rows to the
    -- end of a transaction that may be long, and leaves this to be found out.
    IF (SELECT g.crons <> '{}' FROM pgstream.graph g WHERE g.pgs_id = ids[i]) THEN
      UPDATE pgstream.graph g SET fires_at = pgstream._fires_at(g.crons, as_of)
      WHERE g.ctid = (SELECT o.ctid FROM pgstream.graph o WHERE o.pgs_id = ids[i] FOR UPDATE SKIP LOCKED);
    END IF;
    IF actions[i] <> 'NO_DATA' THEN
      PERFORM pgstream._alert('refresh_completed', ids[i], jsonb_build_object('action', actions[i]));
    END IF;
  END LOOP;
END
$$;
