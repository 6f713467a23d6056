-- Has a stream table something to consume? For those who ask about many at once: it never waits long for a lock, which a
-- definition may hold while it wants one of ours (no is then the answer, and the next call asks again), and it does not
-- mind a stream table that is being dropped. Where asking fails for another reason a refresh fails for it too, and that is
-- recorded: yes.
CREATE OR REPLACE FUNCTION pgstream._has_pending(id bigint, frontier pgstream.frontiers) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '20ms'
AS $$
BEGIN
  RETURN (SELECT sum(n) > 0 FROM unnest(pgstream._pending(id, frontier)) AS n);
EXCEPTION
  WHEN lock_not_available OR undefined_function OR undefined_table THEN
    RETURN false;
  WHEN OTHERS THEN
    RETURN true;
END
$$;
