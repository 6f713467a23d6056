-- The first time after `since` at which a cron expression fires, in UTC; NULL when it never does (30 February). When both
-- day of month and day of week are restricted (have no *), either suffices (crontab(5)).
CREATE OR REPLACE FUNCTION pgstream._cron_next(expression text, since timestamptz) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  spelled CONSTANT text := CASE lower(btrim(expression))
    WHEN '@yearly' THEN '0 0 1 1 *' WHEN '@annually' THEN '0 0 1 1 *' WHEN '@monthly' THEN '0 0 1 * *'
    WHEN '@weekly' THEN '0 0 * * 0' WHEN '@daily' THEN '0 0 * * *' WHEN '@midnight' THEN '0 0 * * *'
    WHEN '@hourly' THEN '0 * * * *' ELSE btrim(expression) END;
  fields text[] := regexp_split_to_array(spelled, E'\\s+');
  seconds integer[];
  minutes integer[];
  hours integer[];
  months integer[];
  days integer[];
  weekdays integer[];
  day timestamp;
  start CONSTANT timestamp := date_trunc('second', since AT TIME ZONE 'UTC') + interval '1 second';
  at timestamp;
BEGIN
  IF cardinality(fields) = 5 THEN
    fields := '0'::text || fields;
  END IF;
  seconds := pgstream._cron_values(fields[1], 0, 59);
  minutes := pgstream._cron_values(fields[2], 0, 59);
  hours := pgstream._cron_values(fields[3], 0, 23);
  days := pgstream._cron_values(fields[4], 1, 31);
  months := pgstream._cron_values(fields[5], 1, 12, 'jan feb mar apr may jun jul aug sep oct nov dec');
  weekdays := ARRAY(SELECT w % 7 FROM unnest(pgstream._cron_values(fields[6], 0, 7, 'sun mon tue wed thu fri sat')) AS w);
  day := date_trunc('day', start);
  -- Every calendar repeats within 28 years; 29 February on a given weekday is the rarest.
  WHILE day < start + interval '29 years' LOOP
    IF extract(month FROM day)::integer = ANY (months) AND (
      CASE WHEN fields[4] !~ E'\\*' AND fields[6] !~ E'\\*'
        THEN extract(day FROM day)::integer = ANY (days) OR extract(dow FROM day)::integer = ANY (weekdays)
        ELSE extract(day FROM day)::integer = ANY (days) AND extract(dow FROM day)::integer = ANY (weekdays) END) THEN
      -- The first time of the day, or, today, the first that is not over: in this minute, this hour, or later.
      SELECT min(t) INTO at FROM (
        SELECT day + make_interval(hours => hours[1], mins => minutes[1], secs => seconds[1]) WHERE day > start
        UNION ALL
        SELECT date_trunc('minute', start) + make_interval(secs => s) FROM unnest(seconds) AS s
        WHERE day <= start AND extract(hour FROM start) = ANY (hours) AND extract(minute FROM start) = ANY (minutes)
          AND s >= extract(second FROM start)
        UNION ALL
        SELECT date_trunc('hour', start) + make_interval(mins => m, secs => seconds[1]) FROM unnest(minutes) AS m
        WHERE day <= start AND extract(hour FROM start) = ANY (hours) AND m > extract(minute FROM start)
        UNION ALL
        SELECT day + make_interval(hours => h, mins => minutes[1], secs => seconds[1]) FROM unnest(hours) AS h
        WHERE day <= start AND h > extract(hour FROM start)) AS u(t);
      IF at IS NOT NULL THEN
        RETURN at AT TIME ZONE 'UTC';
      END IF;
    END IF;
    day := CASE WHEN extract(month FROM day)::integer = ANY (months) THEN day + interval '1 day'
      ELSE date_trunc('month', day) + interval '1 month' END;
  END LOOP;
  RETURN NULL;
END
$$;
