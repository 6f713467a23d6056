-- A setting of pg_stream as valid text, or its default. Settings are placeholders that anybody may fill with anything: an
-- invalid value is an error for who calls directly (`strict`); the scheduler, whom nobody hears, goes on with the default
-- and says so once per session. `given` stands for the session's own value.
CREATE OR REPLACE FUNCTION pgstream._setting(name text, strict boolean DEFAULT false, given text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known CONSTANT jsonb := '{
    "pg_stream.enabled": ["on"], "pg_stream.block_source_ddl": ["off"],
    "pg_stream.min_schedule_seconds": [1, 315360000], "pg_stream.max_consecutive_errors": [3, 1000000],
    "pg_stream.max_concurrent_refreshes": [4, 1000],
    "pg_stream.history_retention_days": [90, 36500], "pg_stream.buffer_alert_threshold": [1000000, 999999999]
  }';
  fallback CONSTANT text := known -> name ->> 0;
  most CONSTANT integer := known -> name ->> 1;
  value CONSTANT text := lower(btrim(coalesce(given, current_setting(name, true), '')));
  warned CONSTANT text := replace(name, 'pg_stream.', 'pg_stream.warned_');
BEGIN
  IF value = '' THEN
    RETURN fallback;
  ELSIF most IS NULL THEN
    IF value IN ('on', 'off', 'true', 'false', 'yes', 'no', '1', '0') THEN
      RETURN value::boolean::text;
    END IF;
  ELSIF value ~ '^[0-9]{1,9}$' AND value::integer BETWEEN 1 AND most THEN
    RETURN value;
  -- The only one for which less than one means something.
  ELSIF name = 'pg_stream.min_schedule_seconds' AND value ~ E'^0?\\.[0-9]{1,3}$' AND value::numeric > 0 THEN
    RETURN value;
  END IF;
  IF strict THEN
    RAISE EXCEPTION 'invalid value for setting %: "%"', name, left(value, 100)
      USING ERRCODE = 'invalid_parameter_value', HINT = CASE WHEN most IS NULL THEN 'Set on or off.'
        ELSE format('Set a whole number from 1 to %s.', most) END;
  ELSIF current_setting(warned, true) IS DISTINCT FROM value THEN
    PERFORM set_config(warned, value, false);
    RAISE WARNING 'invalid value for setting %: "%"; the default, %, is used', name, left(value, 100), fallback;
    PERFORM pgstream._alert('invalid_setting', NULL, jsonb_build_object('setting', name, 'value', value, 'used', fallback));
  END IF;
  RETURN fallback;
END
$$;
