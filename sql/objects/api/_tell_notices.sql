-- Tells whoever defined a stream table what its query says and the table does not keep.
CREATE OR REPLACE FUNCTION pgstream._tell_notices(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  notice jsonb;
BEGIN
  FOR notice IN SELECT n FROM pgstream.pgs_stream_tables s, jsonb_array_elements(s.plan -> 'notices') AS n WHERE s.pgs_id = id LOOP
    RAISE NOTICE '%', notice ->> 'message' USING HINT = notice ->> 'hint';
  END LOOP;
END
$$;
