-- Lets the other callers of the scheduler know that one is at work: in microseconds since 1970, when. While that is only some
-- milliseconds ago they leave what is due to it (pgstream._await).
CREATE OR REPLACE FUNCTION pgstream._beat() RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT setval('pgstream._beats', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
$$;
