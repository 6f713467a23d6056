-- Makes the indexes of a plan, once its tables are filled.
CREATE OR REPLACE FUNCTION pgstream._install_indexes(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
DECLARE
  statement text;
BEGIN
  FOR statement IN
    SELECT jsonb_array_elements_text(s.plan #> '{install,indexes}') FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id
  LOOP
    EXECUTE statement;
  END LOOP;
END
$$;
