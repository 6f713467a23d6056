-- A boolean parameter is one or the other: NULL would mean false in some places and the default in others.
CREATE OR REPLACE FUNCTION pgstream._check_flag(parameter text, value boolean) RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF value IS NULL THEN
    RAISE EXCEPTION '% must not be NULL', parameter USING ERRCODE = 'null_value_not_allowed', HINT = 'Give true or false.';
  END IF;
END
$$;
