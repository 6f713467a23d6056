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
BEGIN
  UPDATE pgstream.frontiers f
  SET seen = n.total,
    -- Nearly always nobody was under way who might have counted: a later number has not.
    doubt = CASE WHEN b.upto > pg_snapshot_xmax(in_flight)::text::bigint
      OR EXISTS (SELECT FROM pg_snapshot_xip(in_flight) AS x WHERE x::text::bigint < b.upto) THEN in_flight END,
    doubt_below = b.upto, skips = 0, retry_at = NULL, waiting_for = NULL, failed_version = NULL,
    -- What has moved was dated when it did, unless it is of the moment of its group.
    checked_at = CASE WHEN is_grouped OR f.checked_at > as_of + interval '1 minute' THEN as_of
      WHEN n.action = 'NO_DATA' THEN greatest(f.checked_at, as_of) ELSE f.checked_at END,
    data_timestamp = nullif(CASE WHEN is_grouped THEN least(as_of, below)
      WHEN n.action = 'NO_DATA' THEN greatest(f.data_timestamp, least(as_of, below))
      ELSE least(f.data_timestamp, below) END, '-infinity')
  FROM unnest(ids, actions, totals) AS n(pgs_id, action, total)
  JOIN pgstream.frontiers o USING (pgs_id)
  CROSS JOIN LATERAL (SELECT CASE WHEN o.seen = n.total THEN coalesce(o.doubt_below, number) ELSE number END AS upto) AS b
  WHERE f.pgs_id = n.pgs_id;
  -- From when it looked: a time that came since is still to be served. Whoever computes the graph anew holds its rows to the
  -- end of a transaction that may be long, and leaves this to be found out.
  UPDATE pgstream.graph g SET fires_at = pgstream._fires_at(g.crons, as_of)
  WHERE g.ctid = ANY (ARRAY(SELECT o.ctid FROM pgstream.graph o WHERE o.pgs_id = ANY (ids) AND o.crons <> '{}' FOR UPDATE SKIP LOCKED));
  FOR i IN 1..cardinality(ids) LOOP
    IF actions[i] <> 'NO_DATA' THEN
      PERFORM pgstream._alert('refresh_completed', ids[i], jsonb_build_object('action', actions[i]));
    END IF;
  END LOOP;
END
$$;
