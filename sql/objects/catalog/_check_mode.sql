-- A refresh mode in any case of letters, as the catalog writes it.
CREATE OR REPLACE FUNCTION pgstream._check_mode(given text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF upper(given) IN ('AUTO', 'DIFFERENTIAL', 'FULL', 'IMMEDIATE') THEN
    RETURN upper(given);
  END IF;
  RAISE EXCEPTION 'invalid refresh mode: %', coalesce('"' || given || '"', 'NULL')
    USING ERRCODE = 'invalid_parameter_value', HINT = 'The modes are AUTO, DIFFERENTIAL, FULL and IMMEDIATE.';
END
$$;
