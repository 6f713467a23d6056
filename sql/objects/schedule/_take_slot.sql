-- One of the slots that bound how many callers of the scheduler refresh at the same time, until it is given back or the session
-- ends; NULL when all are taken.
CREATE OR REPLACE FUNCTION pgstream._take_slot() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  FOR slot IN 1..pgstream._setting('pg_stream.max_concurrent_refreshes')::integer LOOP
    IF pg_try_advisory_lock('pgstream._scheduler'::regclass::oid::integer, slot) THEN
      RETURN slot;
    END IF;
  END LOOP;
  RETURN NULL;
END
$$;
