-- Waits until something is due, for so many seconds at most, and says how many groups are. Looks a hundred times a second,
-- at next to no cost: while no statement was captured (pgstream.change_seq) and none of the transactions that were under way
-- then has ended, nothing can have come, and only the clock makes work, which is looked at once a second.
CREATE OR REPLACE PROCEDURE pgstream._await(seconds double precision, INOUT due integer)
LANGUAGE plpgsql
AS $$
DECLARE
  until CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp()
    OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => seconds);
  looked_at pg_catalog.timestamptz;
  last_seq bigint;
  seq bigint;
  watched bigint[];
  changed boolean;
BEGIN
  due := 0;
  LOOP
    -- In this order: who counted has a transaction by then.
    seq := (SELECT s.last_value FROM pgstream.change_seq AS s);
    changed := seq IS DISTINCT FROM last_seq;
    IF changed OR pgstream._is_any_over(watched, pg_catalog.pg_current_snapshot())
      OR pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) (looked_at OPERATOR(pg_catalog.+) interval '1 second') THEN
      looked_at := pg_catalog.clock_timestamp();
      -- Those that were there already when the last one counted; who came later has counted nothing.
      watched := CASE WHEN changed THEN pgstream._in_flight()
        ELSE ARRAY(SELECT w FROM pg_catalog.unnest(watched) AS w INTERSECT SELECT pg_catalog.unnest(pgstream._in_flight())) END;
      last_seq := seq;
      due := pgstream._look();
    END IF;
    COMMIT;
    EXIT WHEN due OPERATOR(pg_catalog.>) 0 OR pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) until;
    PERFORM pg_catalog.pg_sleep(0.01);
    COMMIT;
  END LOOP;
END
$$;
