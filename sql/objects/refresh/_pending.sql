-- New rows per source, counted to a little above what cached plans are used for, then new truncations.
CREATE OR REPLACE FUNCTION pgstream._pending(id bigint, frontier pgstream.frontiers) RETURNS bigint[]
LANGUAGE plpgsql
AS $$
DECLARE
  result bigint[];
BEGIN
  PERFORM pgstream._check_generated(id, 'pending');
  EXECUTE format('SELECT pgstream_state.refresh_%s_pending($1, $2, $3, $4)', id)
  INTO result
  USING pg_snapshot_xmax(frontier.snapshot)::text::bigint, pgstream._frontier_ids(frontier.snapshot, frontier.own_xid),
    frontier.own_xid, frontier.own_seq;
  RETURN result;
END
$$;
