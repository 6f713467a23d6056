-- A schedule as the user wrote it, into what the catalog keeps: NULL for calculated, seconds for a duration.
CREATE OR REPLACE FUNCTION pgstream._check_schedule(given text, OUT schedule text, OUT seconds double precision)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  minimum double precision := coalesce(nullif(current_setting('pg_stream.min_schedule_seconds', true), ''), '1')::double precision;
BEGIN
  IF given IS NULL OR lower(btrim(given)) = 'calculated' THEN
    RETURN;
  END IF;
  schedule := btrim(given);
  IF schedule ~ '^([0-9]{1,9}[smhdw])+$' THEN
    seconds := pgstream.parse_duration_seconds(schedule);
    IF seconds < minimum THEN
      RAISE EXCEPTION 'schedule "%" is shorter than % s', given, minimum
        USING ERRCODE = 'invalid_parameter_value', HINT = 'The least is set by pg_stream.min_schedule_seconds. A schedule bounds staleness from above; refreshes may come sooner.';
    END IF;
  ELSIF NOT pgstream._check_cron(schedule) THEN
    RAISE EXCEPTION 'invalid schedule: "%"', given
      USING ERRCODE = 'invalid_parameter_value',
        HINT = 'Write a duration (30s, 5m, 1h30m, 2d, 1w), a cron expression of 5 or 6 fields, @hourly and the like, or calculated.';
  END IF;
END
$$;
