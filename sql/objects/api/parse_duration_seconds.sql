-- `30s`, `5m`, `1h30m`, `2d`, `1w` in seconds: each unit once, the larger first.
CREATE OR REPLACE FUNCTION pgstream.parse_duration_seconds(duration text) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part text[] := regexp_match(duration, E'^\\s*(?=\\d)(?:(\\d{1,9})w)?(?:(\\d{1,9})d)?(?:(\\d{1,9})h)?(?:(\\d{1,9})m)?(?:(\\d{1,9})s)?\\s*$');
BEGIN
  IF part IS NULL THEN
    RAISE EXCEPTION 'invalid duration: "%"', CASE WHEN length(duration) > 100 THEN left(duration, 100) || '...' ELSE duration END
      USING ERRCODE = 'invalid_parameter_value',
        HINT = 'Write numbers with units w, d, h, m, s, each unit once, the larger first: 30s, 5m, 1h30m, 2d, 1w.';
  END IF;
  RETURN coalesce(part[1]::bigint, 0) * 604800 + coalesce(part[2]::bigint, 0) * 86400 + coalesce(part[3]::bigint, 0) * 3600
    + coalesce(part[4]::bigint, 0) * 60 + coalesce(part[5]::bigint, 0);
END
$$;
