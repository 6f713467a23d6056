-- A capture mode in any case of letters, as the catalog writes it; NULL is none.
CREATE OR REPLACE FUNCTION pgstream._check_cdc_mode(given text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF lower(given) NOT IN ('auto', 'trigger', 'wal') THEN
    RAISE EXCEPTION 'invalid cdc_mode: "%"', left(given, 100)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'The modes are auto and trigger.';
  ELSIF lower(given) = 'wal' THEN
    RAISE EXCEPTION 'cdc_mode wal is not supported'
      USING ERRCODE = 'feature_not_supported', HINT = 'Changes are captured by triggers: cdc_mode auto or trigger.';
  END IF;
  RETURN lower(given);
END
$$;
