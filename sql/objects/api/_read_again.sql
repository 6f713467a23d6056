-- The compile request for a stream table whose definition is read again, because columns of sources have other types: with its
-- owner's rights, under the settings of its creation.
CREATE OR REPLACE FUNCTION pgstream._read_again(id bigint, mode text) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET array_nulls FROM CURRENT
SET DateStyle FROM CURRENT
SET IntervalStyle FROM CURRENT
SET TimeZone FROM CURRENT
SET bytea_output FROM CURRENT
SET default_text_search_config FROM CURRENT
SET extra_float_digits FROM CURRENT
SET lc_monetary FROM CURRENT
SET lc_numeric FROM CURRENT
SET lc_time FROM CURRENT
SET quote_all_identifiers FROM CURRENT
SET timezone_abbreviations FROM CURRENT
SET xmlbinary FROM CURRENT
SET xmloption FROM CURRENT
-- The text is of pgstream._view_definition.
SET standard_conforming_strings = on
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  view oid;
  request jsonb;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  PERFORM set_config(s.key, s.value, true) FROM jsonb_each_text(target.settings) AS s;
  view := (SELECT v::text::oid FROM pgstream._call_as_owner(id, 'view') AS v);
  request := pgstream._compile_request(view, id, target.pgs_schema, target.pgs_name, mode);
  PERFORM pgstream._drop_view();
  RETURN request;
END
$$;
