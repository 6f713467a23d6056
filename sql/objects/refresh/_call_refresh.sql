-- requires: refresh/_refresh_targets
-- Calls a generated function with the frontier. `may_call`: the caller has looked (pgstream._refresh_rights).
CREATE OR REPLACE FUNCTION pgstream._call_refresh(target pgstream._refresh_targets, variant text, may_call boolean DEFAULT false)
RETURNS pgstream.refresh_result
LANGUAGE plpgsql
AS $$
DECLARE
  frontier CONSTANT pgstream.frontiers := target.frontier;
  answer record;
  before text;
BEGIN
  IF may_call IS NOT TRUE THEN
    PERFORM pgstream._check_generated(target.pgs_id, variant);
  END IF;
  before := pgstream._session_state();
  -- As one value: a function in FROM would be scanned, which costs 6 µs.
  EXECUTE format('SELECT pgstream_state.refresh_%s_%s($1, $2, $3, $4) AS result', target.pgs_id, variant)
  INTO answer
  USING pg_snapshot_xmax(frontier.snapshot)::text::bigint, pgstream._frontier_ids(frontier.snapshot, frontier.own_xid),
    frontier.own_xid, frontier.own_seq;
  -- From here on, until this is known, nothing may be looked up along the search_path.
  IF pgstream._session_state() OPERATOR(pg_catalog.<>) before THEN
    PERFORM pgstream._check_session(before);
  END IF;
  RETURN answer.result;
END
$$;
