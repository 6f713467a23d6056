-- Changes a stream table; NULL leaves a property as it is. A new query with the same columns is taken over online: the
-- table stays, readable, and its content changes by the difference. Other columns replace the table, which then must
-- have no dependents.
CREATE OR REPLACE FUNCTION pgstream.alter_stream_table(
  name text, query text DEFAULT NULL, schedule text DEFAULT NULL, refresh_mode text DEFAULT NULL, status text DEFAULT NULL,
  cdc_mode text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql
SET pg_stream.internal = 'on'
AS $$
DECLARE
  id bigint := pgstream._stream_table_id(name);
  target pgstream.pgs_stream_tables;
  path text := pg_catalog.current_setting('search_path');
  new_path text := path;
  view pg_catalog.oid;
BEGIN
  PERFORM pgstream._check_owner(id);
  SELECT * INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) id;
  IF schedule IS NOT NULL OR cdc_mode IS NOT NULL THEN
    PERFORM pgstream._alter_properties(id, schedule, cdc_mode);
  END IF;
  IF query IS NOT NULL OR pgstream._check_mode(coalesce(refresh_mode, target.refresh_mode)) OPERATOR(pg_catalog.<>) target.refresh_mode THEN
    IF query IS NULL THEN
      -- The same text must be read under the same path.
      new_path := target.defining_search_path;
      PERFORM pg_catalog.set_config('search_path', new_path, true);
    END IF;
    view := pgstream._make_view(coalesce(query, target.defining_query));
    PERFORM pgstream._redefine(view, id, coalesce(query, target.defining_query), new_path, coalesce(refresh_mode, target.refresh_mode));
    PERFORM pgstream._drop_view();
    PERFORM pg_catalog.set_config('search_path', path, true);
  END IF;
  IF status IS NOT NULL THEN
    PERFORM pgstream._set_status(id, status);
  END IF;
END
$$;
