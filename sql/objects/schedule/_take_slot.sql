-- requires: schedule/_foreign_locks
-- One of the slots that bound how many callers of the scheduler refresh at the same time, until it is given back or the session
-- ends; NULL when all are taken. For each that others hold who are no schedulers there is one more. It is good in the
-- statement that took it and in no other (pgstream._foreign_locks), which a second lock tells.
CREATE OR REPLACE FUNCTION pgstream._take_slot() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  most integer := pgstream._setting('pg_stream.max_concurrent_refreshes')::integer;
  slot integer := 1;
BEGIN
  -- First: who has a slot is at work.
  PERFORM pg_try_advisory_lock_shared('pgstream._beats'::regclass::oid::integer, pgstream._statement_mark(statement_timestamp()));
  LOOP
    WHILE slot <= most LOOP
      IF pg_try_advisory_lock('pgstream._scheduler'::regclass::oid::integer, slot) THEN
        RETURN slot;
      END IF;
      slot := slot + 1;
    END LOOP;
    PERFORM pg_stat_clear_snapshot();
    most := pgstream._setting('pg_stream.max_concurrent_refreshes')::integer + (
      SELECT count(DISTINCT f.objid) FROM pgstream._foreign_locks f
      WHERE f.classid = 'pgstream._scheduler'::regclass AND f.objid BETWEEN 1 AND slot - 1);
    IF slot > most THEN
      PERFORM pgstream._give_slot_back(NULL);
      RETURN NULL;
    END IF;
  END LOOP;
END
$$;
