-- What create_stream_table would do with a query, without doing it: strategy, reasons of what is not incremental,
-- columns, key, sources. Raises what create_stream_table would raise.
CREATE OR REPLACE FUNCTION pgstream.validate_query(query text, refresh_mode text DEFAULT 'AUTO')
RETURNS TABLE (property text, value text)
LANGUAGE plpgsql
SET pg_stream.internal = 'on'
AS $$
DECLARE
  view pg_catalog.oid := pgstream._make_view(query);
BEGIN
  RETURN QUERY SELECT * FROM pgstream._validate_query(view, refresh_mode);
  PERFORM pgstream._drop_view();
END
$$;
