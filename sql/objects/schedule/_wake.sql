-- Has the scheduler look at once when this transaction is committed, for what no counter of changes tells of: a note, since that
-- is seen neither sooner nor later. Where nobody takes notes away, they are few.
CREATE OR REPLACE FUNCTION pgstream._wake() RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO pgstream._wakes
  SELECT WHERE (SELECT count(*) FROM (SELECT FROM pgstream._wakes LIMIT 100) AS w) < 100
$$;
