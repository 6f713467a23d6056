-- Asks the gate of a stream table, as the caller.
CREATE OR REPLACE FUNCTION pgstream._ask(id bigint, operation text, arguments jsonb DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  answer text;
BEGIN
  PERFORM pgstream._check_owner(id);
  EXECUTE format('SELECT pgstream_state.gate_%s($1, $2)', id) INTO answer USING operation, arguments;
  RETURN answer;
END
$$;
