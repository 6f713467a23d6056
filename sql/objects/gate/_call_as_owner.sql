-- Has something done with the rights of a stream table's owner (pgstream._as_owner), who the caller must be or stand above.
CREATE OR REPLACE FUNCTION pgstream._call_as_owner(id bigint, operation text, arguments jsonb DEFAULT NULL) RETURNS SETOF jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  before text;
BEGIN
  PERFORM pgstream._check_owner(id);
  PERFORM pgstream._check_generated(id, 'as_owner');
  before := pgstream._session_state();
  RETURN QUERY EXECUTE format('SELECT * FROM pgstream_state.refresh_%s_as_owner($1, $2)', id) USING operation, arguments;
  PERFORM pgstream._check_session(before);
END
$$;
