-- requires: refresh/_refresh_targets
-- New rows per source, counted to a little above what cached plans are used for (negative when there are more), then new
-- truncations.
CREATE OR REPLACE FUNCTION pgstream._pending(target pgstream._refresh_targets) RETURNS bigint[]
LANGUAGE plpgsql
AS $$
DECLARE
  generated CONSTANT name := 'refresh_' || target.pgs_id || '_pending';
  frontier CONSTANT pgstream.frontiers := target.frontier;
  result bigint[];
BEGIN
  IF NOT pgstream._runs_as(generated, target.owner) THEN
    PERFORM pgstream._check_generated(target.pgs_id, 'pending');
  END IF;
  EXECUTE format('SELECT pgstream_state.%I($1, $2, $3, $4)', generated)
  INTO result
  USING pg_snapshot_xmax(frontier.snapshot)::text::bigint, pgstream._frontier_ids(frontier.snapshot, frontier.own_xid),
    frontier.own_xid, frontier.own_seq;
  RETURN result;
END
$$;
