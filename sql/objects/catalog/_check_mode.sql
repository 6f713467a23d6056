-- A refresh mode in any case of letters, as the catalog writes it.
CREATE OR REPLACE FUNCTION pgstream._check_mode(given text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF upper(given) IN ('AUTO', 'DIFFERENTIAL', 'FULL') THEN
    RETURN upper(given);
  END IF;
  IF upper(given) = 'IMMEDIATE' THEN
    RAISE EXCEPTION 'refresh mode IMMEDIATE is not supported'
      USING ERRCODE = 'feature_not_supported',
        HINT = 'With schedule => ''1s'' a change shows within milliseconds of its commit; inside a transaction call pgstream.refresh_stream_table(…).';
  END IF;
  RAISE EXCEPTION 'invalid refresh mode: %', coalesce('"' || given || '"', 'NULL')
    USING ERRCODE = 'invalid_parameter_value', HINT = 'The modes are AUTO, DIFFERENTIAL and FULL.';
END
$$;
