-- Calls a generated function with a frontier.
CREATE OR REPLACE FUNCTION pgstream._call_refresh(id bigint, variant text, frontier pgstream.frontiers)
RETURNS pgstream.refresh_result
LANGUAGE plpgsql
AS $$
DECLARE
  result pgstream.refresh_result;
  before text;
BEGIN
  PERFORM pgstream._check_generated(id, variant);
  before := pgstream._session_state();
  EXECUTE format('SELECT r.* FROM pgstream_state.refresh_%s_%s($1, $2, $3, $4) AS r', id, variant)
  INTO result
  USING pg_snapshot_xmax(frontier.snapshot)::text::bigint, pgstream._frontier_ids(frontier.snapshot, frontier.own_xid),
    frontier.own_xid, frontier.own_seq;
  -- From here on, until this is known, nothing may be looked up along the search_path.
  PERFORM pgstream._check_session(before);
  RETURN result;
END
$$;
