-- A schedule as the user wrote it, into what the catalog keeps: NULL for calculated, seconds for a duration.
CREATE OR REPLACE FUNCTION pgstream._check_schedule(given text, OUT schedule text, OUT seconds double precision)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  shown CONSTANT text := CASE WHEN length(given) > 100 THEN left(given, 100) || '...' ELSE given END;
  minimum double precision;
  -- Ten years, in seconds: whatever is added to a time with it stays a time.
  maximum CONSTANT integer := 315360000;
BEGIN
  schedule := btrim(given, E' \t\r\n');
  IF schedule IS NULL OR lower(schedule) = 'calculated' THEN
    schedule := NULL;
    RETURN;
  END IF;
  IF length(schedule) < 100 AND schedule ~ '^([0-9]+(ms|[smhdw]))+$' THEN
    BEGIN
      -- Milliseconds come last, and may be all there is.
      seconds := coalesce(pgstream.parse_duration_seconds(nullif(regexp_replace(schedule, '[0-9]+ms$', ''), '')), 0)
        + coalesce(substring(schedule FROM '([0-9]{1,9})ms$')::double precision / 1000, 0);
    EXCEPTION WHEN invalid_parameter_value THEN
      RAISE EXCEPTION 'invalid schedule: "%"', shown
        USING ERRCODE = 'invalid_parameter_value',
          HINT = 'Write each unit of a duration once, the larger first, and at most nine digits: 1h30m.';
    END;
    minimum := pgstream._setting('pg_stream.min_schedule_seconds', strict => true);
    IF seconds < minimum THEN
      RAISE EXCEPTION 'schedule "%" is shorter than % s', shown, minimum
        USING ERRCODE = 'invalid_parameter_value', HINT = 'The least is set by pg_stream.min_schedule_seconds, which may be a fraction. A schedule bounds staleness from above; refreshes may come sooner.';
    ELSIF seconds > maximum THEN
      RAISE EXCEPTION 'schedule "%" is longer than 3650 days', shown
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Give at most 3650d.';
    END IF;
  ELSIF length(schedule) > 1000 OR NOT pgstream._check_cron(schedule) THEN
    RAISE EXCEPTION 'invalid schedule: "%"', shown
      USING ERRCODE = 'invalid_parameter_value',
        HINT = 'Write a duration (30s, 5m, 1h30m, 2d, 1w, 200ms), a cron expression of 5 or 6 fields, @hourly and the like, or calculated.';
  ELSIF pgstream._cron_next(schedule, now()) IS NULL THEN
    RAISE EXCEPTION 'schedule "%" never comes', shown
      USING ERRCODE = 'invalid_parameter_value', HINT = 'No month that it names has such a day. Give another day or month.';
  END IF;
END
$$;
