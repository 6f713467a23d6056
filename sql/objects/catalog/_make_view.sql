-- Has the server analyse a query, as the caller: a temporary view, whose tree is then read. SECURITY INVOKER and without
-- a search_path of its own. The cursor comes first because it takes exactly one query that returns rows, and checks the
-- caller's rights on all that it reads; it fetches nothing. Errors are the server's own, with a hint where it has none.
CREATE OR REPLACE FUNCTION pgstream._make_view(query text) RETURNS oid
LANGUAGE plpgsql
SET exit_on_error = off
AS $$
DECLARE
  probe refcursor;
  trimmed text := pg_catalog.regexp_replace(query, E'[;\\s]+$', '');
  why text;
  own_detail text;
  own_hint text;
BEGIN
  IF query IS NULL OR pgstream._without_comments(query) OPERATOR(pg_catalog.~) E'^[;\\s]*$' THEN
    RAISE EXCEPTION 'the query of a stream table must not be empty'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a SELECT as text.';
  END IF;
  IF pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) 'on' THEN
    PERFORM pgstream._refuse_read_only();
  END IF;
  BEGIN
    BEGIN
      OPEN probe FOR EXECUTE trimmed;
      CLOSE probe;
    EXCEPTION WHEN invalid_cursor_definition THEN
      GET STACKED DIAGNOSTICS why = MESSAGE_TEXT;
      IF why OPERATOR(pg_catalog.~~) '%SELECT INTO%' THEN
        RAISE EXCEPTION 'the query of a stream table must not have INTO'
          USING ERRCODE = 'syntax_error', DETAIL = 'SELECT INTO makes a table.',
            HINT = 'Remove INTO and the name behind it: the stream table is named by the argument name.';
      END IF;
      RAISE EXCEPTION 'the query of a stream table must be one SELECT'
        USING ERRCODE = 'syntax_error',
          DETAIL = CASE WHEN why OPERATOR(pg_catalog.~~) '%multi-query%' THEN 'It holds several statements.'
            ELSE 'It begins with ' || pg_catalog.upper(pg_catalog.substring(pgstream._without_comments(trimmed), E'^\\s*(\\S+)')) || '.' END,
          HINT = 'Give a single SELECT, VALUES, TABLE or WITH … SELECT, without semicolons.';
    END;
    BEGIN
      EXECUTE 'CREATE TEMPORARY VIEW pg_temp."pg_stream definition" AS ' || trimmed;
    EXCEPTION WHEN syntax_error OR feature_not_supported THEN
      -- It opened as a cursor, so what is wrong is that it is no SELECT: INSERT … RETURNING, or in a WITH.
      GET STACKED DIAGNOSTICS why = MESSAGE_TEXT;
      RAISE EXCEPTION 'the query of a stream table must be one SELECT'
        USING ERRCODE = 'syntax_error', DETAIL = why || '.', HINT = 'Give a single SELECT that changes nothing.';
    END;
  EXCEPTION WHEN syntax_error_or_access_rule_violation THEN
    GET STACKED DIAGNOSTICS why = MESSAGE_TEXT, own_detail = PG_EXCEPTION_DETAIL, own_hint = PG_EXCEPTION_HINT;
    -- What is raised anew has no position, so the line is shown.
    RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = why,
      DETAIL = coalesce(nullif(own_detail, ''), pgstream._line_of_name(query, why)),
      HINT = coalesce(
        -- Not a text of the caller's: what is kept of a stream table, which names everything by its schema.
        CASE WHEN SQLSTATE OPERATOR(pg_catalog.<>) '42501' AND pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.=) 'pg_catalog, pg_temp' THEN
          'Put back what is missing and call pgstream.resume_stream_table(name), or give the stream table another query by pgstream.alter_stream_table(name, query => …).' END,
        nullif(own_hint, ''), CASE SQLSTATE
        WHEN '42P01' THEN pg_catalog.format('It was looked for in search_path, which is %s. Write schema.table for another schema.',
          pg_catalog.current_setting('search_path'))
        WHEN '42703' THEN 'Check its spelling: names that are not all lower-case go in double quotes, texts in single quotes.'
        WHEN '42501' THEN 'Ask the owner for it: GRANT SELECT ON … TO …'
        WHEN '42701' THEN 'Give each column a name of its own: SELECT … AS name.'
        WHEN '42P02' THEN 'A stream table is made for one query: write the value in the place of the parameter.'
        WHEN '42P16' THEN 'Cast the column to a type that a table can have.'
        ELSE 'Run the query by itself until it does what it should: it is analysed as any other.' END);
  END;
  RETURN 'pg_temp."pg_stream definition"'::pg_catalog.regclass;
END
$$;
