-- Request to plan, refusals raised.
CREATE OR REPLACE FUNCTION pgstream._compile_definition(request jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reply jsonb;
BEGIN
  PERFORM pgstream._check_definition(request);
  reply := pgstream._compile(request);
  IF reply ? 'error' THEN
    PERFORM pgstream._raise_refusal(reply -> 'error');
  END IF;
  RETURN reply -> 'plan';
END
$$;
