-- `30s`, `5m`, `1h30m`, `2d`, `1w` in seconds.
CREATE OR REPLACE FUNCTION pgstream.parse_duration_seconds(duration text) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF duration !~ '^\s*([0-9]{1,9}[smhdw])+\s*$' THEN
    RAISE EXCEPTION 'invalid duration: "%"', duration
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Write numbers with units s, m, h, d, w: 30s, 5m, 1h30m, 2d, 1w.';
  END IF;
  RETURN (
    SELECT sum(part[1]::bigint * CASE part[2] WHEN 's' THEN 1 WHEN 'm' THEN 60 WHEN 'h' THEN 3600 WHEN 'd' THEN 86400 ELSE 604800 END)
    FROM regexp_matches(duration, '([0-9]+)([smhdw])', 'g') AS part);
END
$$;
