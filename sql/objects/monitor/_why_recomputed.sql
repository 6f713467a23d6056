-- Why a query could not be maintained incrementally; '' when it could, NULL when the caller may not ask. As the caller.
CREATE OR REPLACE FUNCTION pgstream._why_recomputed(query text, path text) RETURNS text
LANGUAGE plpgsql
SET exit_on_error = off
AS $$
DECLARE
  before text := pg_catalog.current_setting('search_path');
  view pg_catalog.oid;
  answer text;
BEGIN
  view := pgstream._make_view_under(query, path);
  answer := coalesce((
    SELECT v.value FROM pgstream._validate_query(view, 'AUTO') AS v
    WHERE v.property OPERATOR(pg_catalog.=) 'not incremental' LIMIT 1), '');
  PERFORM pgstream._drop_view();
  RETURN answer;
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END
$$;
