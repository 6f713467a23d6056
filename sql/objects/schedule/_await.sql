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
  snapshot pg_catalog.pg_snapshot;
  doubt pg_catalog.pg_snapshot;
  doubt_below bigint;
BEGIN
  due := 0;
  LOOP
    -- In this order: who counted has a transaction by then.
    seq := (SELECT s.last_value FROM pgstream.change_seq AS s);
    snapshot := pg_catalog.pg_current_snapshot();
    IF seq IS DISTINCT FROM last_seq OR pgstream._is_any_over(doubt, doubt_below, snapshot)
      OR pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) (looked_at OPERATOR(pg_catalog.+) interval '1 second') THEN
      looked_at := pg_catalog.clock_timestamp();
      due := pgstream._look();
      -- All that was counted has been looked after: what may still come is of a transaction that was in doubt then.
      doubt_below := (SELECT pg_catalog.max(f.doubt_below) FROM pgstream.frontiers AS f);
      doubt := snapshot;
      last_seq := seq;
    END IF;
    COMMIT;
    EXIT WHEN due OPERATOR(pg_catalog.>) 0 OR pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) until;
    PERFORM pg_catalog.pg_sleep(0.01);
    COMMIT;
  END LOOP;
END
$$;
