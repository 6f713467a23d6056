-- pgstream._make_view under a search_path that is put back afterwards.
CREATE OR REPLACE FUNCTION pgstream._make_view_under(query text, path text) RETURNS oid
LANGUAGE plpgsql
AS $$
DECLARE
  before text := pg_catalog.current_setting('search_path');
  view pg_catalog.oid;
BEGIN
  PERFORM pg_catalog.set_config('search_path', path, true);
  view := pgstream._make_view(query);
  PERFORM pg_catalog.set_config('search_path', before, true);
  RETURN view;
END
$$;
