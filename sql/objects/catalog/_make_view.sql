-- Has the server analyse a query, as the caller: a temporary view, whose tree is then read. SECURITY INVOKER and without
-- a search_path of its own. The cursor comes first because it takes exactly one query that returns rows, and checks the
-- caller's rights on all that it reads; it fetches nothing. Errors are the server's own.
CREATE OR REPLACE FUNCTION pgstream._make_view(query text) RETURNS oid
LANGUAGE plpgsql
AS $$
DECLARE
  probe refcursor;
  trimmed text := pg_catalog.regexp_replace(query, '[;\s]+$', '');
  why text;
BEGIN
  IF query IS NULL OR trimmed OPERATOR(pg_catalog.=) '' THEN
    RAISE EXCEPTION 'the query of a stream table must not be empty'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a SELECT as text.';
  END IF;
  BEGIN
    OPEN probe FOR EXECUTE trimmed;
    CLOSE probe;
  EXCEPTION WHEN invalid_cursor_definition THEN
    GET STACKED DIAGNOSTICS why = MESSAGE_TEXT;
    RAISE EXCEPTION 'the query of a stream table must be one SELECT'
      USING ERRCODE = 'syntax_error',
        DETAIL = CASE WHEN why OPERATOR(pg_catalog.~~) '%multi-query%' THEN 'It holds several statements.'
          ELSE 'It begins with ' || pg_catalog.upper(pg_catalog.substring(trimmed, '^\s*(\S+)')) || '.' END,
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
  RETURN 'pg_temp."pg_stream definition"'::pg_catalog.regclass;
END
$$;
