-- requires: refresh/_refresh_targets
-- Calls a generated function with the frontier; `owner` is the stream table's.
CREATE OR REPLACE FUNCTION pgstream._call_refresh(target pgstream._refresh_targets, owner oid, variant text)
RETURNS pgstream.refresh_result
LANGUAGE plpgsql
AS $$
DECLARE
  generated CONSTANT name := 'refresh_' || target.pgs_id || '_' || variant;
  frontier CONSTANT pgstream.frontiers := target.frontier;
  answer record;
  before text;
BEGIN
  IF NOT pgstream._runs_as(generated, owner) THEN
    PERFORM pgstream._check_generated(target.pgs_id, variant);
  END IF;
  IF target.may_be_published THEN
    PERFORM pgstream._ensure_own_identities(target.pgs_id);
  END IF;
  before := pgstream._session_state();
  -- As one value: a function in FROM would be scanned, which costs 6 µs.
  EXECUTE format('SELECT pgstream_state.%I($1, $2, $3, $4) AS result', generated)
  INTO answer
  USING pg_snapshot_xmax(frontier.snapshot)::text::bigint, pgstream._frontier_ids(frontier.snapshot, frontier.own_xid),
    frontier.own_xid, frontier.own_seq;
  -- From here on, until this is known, nothing may be looked up along the search_path.
  IF pgstream._session_state() OPERATOR(pg_catalog.<>) before THEN
    PERFORM pgstream._check_session(before);
  END IF;
  IF target.strategy = 'DIFFERENTIAL' AND variant IN ('fill', 'full') THEN
    PERFORM pgstream._refuse_hidden(target.pgs_id);
  END IF;
  -- DDL writes the row of who reads what it alters. (A snapshot that is older than that ends here in 40001.)
  IF current_setting('transaction_isolation') OPERATOR(pg_catalog.=) ANY ('{repeatable read,serializable}'::pg_catalog.text[]) THEN
    PERFORM FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) target.pgs_id FOR KEY SHARE;
  ELSIF target.needs_replan OR target.is_watched IS NOT TRUE
    OR (SELECT s.xmin OPERATOR(pg_catalog.<>) target.version FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) target.pgs_id) THEN
    PERFORM pgstream._refuse_overtaken(target.pgs_id);
  END IF;
  RETURN answer.result;
END
$$;
