-- When the first of several schedules by cron comes next. One that cannot be read is served every minute: whatever is wrong
-- with one of many must not keep the others from being asked.
CREATE OR REPLACE FUNCTION pgstream._fires_at(crons text[], since timestamptz) RETURNS timestamptz
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
BEGIN
  RETURN (SELECT min(pgstream._cron_next(c, since)) FROM unnest(crons) AS c);
EXCEPTION WHEN OTHERS THEN
  RETURN since + interval '1 minute';
END
$$;
