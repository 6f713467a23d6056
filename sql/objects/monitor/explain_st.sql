-- How a stream table is maintained: the plan in words and SQL, where its frontier stands, what is pending, and what the
-- last refreshes chose and why. With with_analyze also EXPLAIN ANALYZE of the delta statements as they would run now; they
-- run with the owner's rights and are rolled back.
CREATE OR REPLACE FUNCTION pgstream.explain_st(name text, with_analyze boolean DEFAULT false)
RETURNS TABLE (property text, value text)
LANGUAGE plpgsql
SET pg_stream.refreshing = 'on'
AS $$
#variable_conflict use_column
DECLARE
  id bigint := pgstream._stream_table_id(name);
  entry record;
BEGIN
  PERFORM pgstream._check_flag('with_analyze', with_analyze);
  RETURN QUERY SELECT * FROM pgstream._explain_state(id);
  RETURN QUERY
    SELECT 'last refresh', pg_catalog.concat_ws(', ', h.action, h.status,
      pg_catalog.round(h.duration_ms::pg_catalog.numeric, 2) OPERATOR(pg_catalog.||) ' ms', h.reason, h.error_message)
    FROM pgstream.get_refresh_history(name, 1) AS h;
  RETURN QUERY
    SELECT e OPERATOR(pg_catalog.->>) 'property', e OPERATOR(pg_catalog.->>) 'value'
    FROM pgstream.pgs_stream_tables s, pg_catalog.jsonb_array_elements(s.plan OPERATOR(pg_catalog.->) 'explain') AS e
    WHERE s.pgs_id OPERATOR(pg_catalog.=) id AND e OPERATOR(pg_catalog.->>) 'property' OPERATOR(pg_catalog.<>) 'missing index';
  -- Of those that the compiler asked for, what has not been made since nor is served by another.
  RETURN QUERY
    -- As the statement that makes it has it, behind ON.
    SELECT 'missing index', pg_catalog.format('%s: %s',
      pg_catalog.substr(r.statement, pg_catalog.strpos(r.statement, ' ON ') OPERATOR(pg_catalog.+) 4), r.reason)
    FROM pgstream._recommend_indexes(id) AS r;
  IF with_analyze THEN
    IF pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) 'on' THEN
      PERFORM pgstream._refuse_read_only();
    END IF;
    FOR entry IN
      SELECT e OPERATOR(pg_catalog.->>) 'property' AS property, e OPERATOR(pg_catalog.->>) 'value' AS statement,
        e OPERATOR(pg_catalog.->>) 'function' AS function
      FROM pgstream.pgs_stream_tables s, pg_catalog.jsonb_array_elements(s.plan OPERATOR(pg_catalog.->) 'explain') AS e
      WHERE s.pgs_id OPERATOR(pg_catalog.=) id AND e OPERATOR(pg_catalog.->>) 'property' OPERATOR(pg_catalog.~) '^delta sql'
    LOOP
      property := 'analyze of ' || entry.property;
      value := (SELECT v OPERATOR(pg_catalog.#>>) '{}' FROM pgstream._call_as_owner(id, 'analyze',
        pg_catalog.jsonb_build_object('function', entry.function, 'statement', entry.statement)) AS v);
      RETURN NEXT;
    END LOOP;
  END IF;
END
$$;
