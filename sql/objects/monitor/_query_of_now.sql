-- Behind the gate: the query that a stream table must be equal to, with the names of now. Something may have been renamed since
-- it was refreshed, and nobody told of it. A standby, where nothing can be written, has an answer as well.
CREATE OR REPLACE FUNCTION pgstream._query_of_now(id bigint) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  reply jsonb;
BEGIN
  IF current_setting('transaction_read_only') = 'off' THEN
    BEGIN
      PERFORM pgstream._recheck_unwatched(id);
    EXCEPTION WHEN serialization_failure THEN
      -- Followed by somebody else since our snapshot, which can be read all the same.
      NULL;
    END;
  END IF;
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  IF target.broken_reason IS NOT NULL THEN
    RAISE EXCEPTION 'cannot verify stream table "%"', target.pgs_name
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Its status is %s: %s.', target.status, target.broken_reason),
        HINT = 'Put back what is missing and call pgstream.resume_stream_table(name), or give it a new query by pgstream.alter_stream_table(name, query => …).';
  END IF;
  IF NOT target.is_populated THEN
    RAISE EXCEPTION 'stream table "%" has not been filled yet', target.pgs_name
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT pgstream.refresh_stream_table(…) fills it.';
  END IF;
  IF NOT target.needs_replan AND NOT pgstream._names_differ(target.names, pgstream._names_now(target.names)) THEN
    RETURN target.plan ->> 'query';
  END IF;
  reply := pgstream._compile(pgstream._stored_request(id, target.strategy));
  IF reply ? 'error' AND target.refresh_mode = 'AUTO' AND target.strategy = 'DIFFERENTIAL' THEN
    -- Its next refresh computes it anew.
    reply := pgstream._compile(pgstream._stored_request(id, 'FULL'));
  END IF;
  IF reply ? 'error' THEN
    PERFORM pgstream._raise_refusal(reply -> 'error');
  END IF;
  RETURN reply #>> '{plan,query}';
END
$$;
