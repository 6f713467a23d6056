-- Takes a stream table out of SUSPENDED or ERROR. One that lost a source or a column is defined again from its own text,
-- as the caller and under the search_path of its creation.
CREATE OR REPLACE FUNCTION pgstream.resume_stream_table(name text) RETURNS void
LANGUAGE plpgsql
SET pg_stream.internal = 'on'
AS $$
DECLARE
  id bigint := pgstream._stream_table_id(name);
  target pgstream.pgs_stream_tables;
  path text := pg_catalog.current_setting('search_path');
  view pg_catalog.oid;
BEGIN
  SELECT * INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) id;
  IF target.broken_reason IS NOT NULL THEN
    PERFORM pgstream._check_owner(id);
    PERFORM pg_catalog.set_config('search_path', target.defining_search_path, true);
    view := pgstream._make_view(target.defining_query);
    PERFORM pgstream._redefine(view, id, target.defining_query, target.defining_search_path, target.refresh_mode);
    PERFORM pgstream._drop_view();
    PERFORM pg_catalog.set_config('search_path', path, true);
  END IF;
  PERFORM pgstream._set_status(id, 'ACTIVE');
END
$$;
