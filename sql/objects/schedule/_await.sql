-- Waits until something is due that is in nobody's hands, for so many seconds at most, and says how many groups are, and which.
-- Looks fifty times a second; two hundred times within a second after the last refresh (`quiet` seconds ago), twenty-five times
-- after ten, at next to no cost: while no statement was captured (pgstream.change_seq), none of the transactions that were under
-- way then has ended and nobody has left a note (pgstream._wakes, pgstream.graph_changes), nothing can have come, and only the
-- clock makes work (pgstream._look says when).
--
-- Of several callers one does what is soon done: the others would only look for the same things and ask for the same locks.
-- While one is at work (pgstream._beat) the rest leave it what there is, and its last look is theirs as well. They come in as
-- soon as nothing was heard of it for 40 ms (a refresh that takes long, a caller that hangs or is gone), and, where there is no
-- end to what is due, within a second.
CREATE OR REPLACE PROCEDURE pgstream._await(
  seconds double precision, INOUT due integer, INOUT work pgstream.due_group[] DEFAULT NULL, quiet double precision DEFAULT 1
)
LANGUAGE plpgsql
AS $$
DECLARE
  at pg_catalog.timestamptz := pg_catalog.clock_timestamp();
  last_at pg_catalog.timestamptz := at;
  until pg_catalog.timestamptz := at OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => seconds);
  refreshed_at CONSTANT pg_catalog.timestamptz := at OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => quiet);
  lively_until pg_catalog.timestamptz := refreshed_at OPERATOR(pg_catalog.+) interval '1 second';
  drowsy_from pg_catalog.timestamptz := refreshed_at OPERATOR(pg_catalog.+) interval '10 seconds';
  look_at pg_catalog.timestamptz := at;
  last_seq bigint;
  seq bigint;
  snapshot pg_catalog.pg_snapshot;
  doubt pg_catalog.pg_snapshot;
  doubt_below bigint;
  quiet_for double precision;
  is_woken boolean;
  -- A note that another caller is at, or that nobody may take away, is looked at a few times a second.
  deaf_until pg_catalog.timestamptz := at;
  commit_at pg_catalog.timestamptz := at;
  -- However many statements are captured, most of the time is not spent on looking.
  rest_until pg_catalog.timestamptz := at;
  -- And as much longer as this caller itself was woken late: where the processors are busy, so are they for the others.
  in_time interval := '40 milliseconds';
  rests double precision;
  rests_from pg_catalog.timestamptz;
  -- Not all at once.
  patience CONSTANT interval := pg_catalog.make_interval(secs => 0.4 OPERATOR(pg_catalog.+) 0.4 OPERATOR(pg_catalog.*) pg_catalog.random());
  needed_at pg_catalog.timestamptz;
  is_others boolean;
  beat bigint;
  own_beat bigint;
  beat_at pg_catalog.timestamptz;
  quiet_seq bigint;
  quiet_until pg_catalog.timestamptz;
BEGIN
  due := 0;
  work := NULL;
  CALL pgstream._commit();
  LOOP
    at := pg_catalog.clock_timestamp();
    -- The clock was set back: what is still to come would come that much later.
    IF at OPERATOR(pg_catalog.<) last_at THEN
      until := until OPERATOR(pg_catalog.-) (last_at OPERATOR(pg_catalog.-) at);
      lively_until := lively_until OPERATOR(pg_catalog.-) (last_at OPERATOR(pg_catalog.-) at);
      drowsy_from := drowsy_from OPERATOR(pg_catalog.-) (last_at OPERATOR(pg_catalog.-) at);
      look_at := at;
      deaf_until := at;
      commit_at := at;
      rest_until := at;
    END IF;
    last_at := at;
    -- In this order: who counted has a transaction by then. The tables of notes are nearly always empty.
    SELECT s.last_value, EXISTS (SELECT FROM pgstream._wakes) OR EXISTS (SELECT FROM pgstream.graph_changes)
    INTO seq, is_woken FROM pgstream.change_seq AS s;
    snapshot := pg_catalog.pg_current_snapshot();
    is_woken := is_woken AND at OPERATOR(pg_catalog.>=) deaf_until;
    IF is_woken OR seq IS DISTINCT FROM last_seq OR at OPERATOR(pg_catalog.>=) look_at
      OR doubt IS NOT NULL AND pgstream._is_any_over(doubt, doubt_below, snapshot) THEN
      needed_at := coalesce(needed_at, at);
    ELSE
      needed_at := NULL;
    END IF;
    is_others := false;
    -- On a standby nobody is at work. Nobody leaves without a look.
    IF needed_at IS NOT NULL AND at OPERATOR(pg_catalog.<) until AND NOT pg_catalog.pg_is_in_recovery() THEN
      SELECT b.last_value, q.last_value, pg_catalog.to_timestamp(u.last_value OPERATOR(pg_catalog./) 1000000.0)
      INTO beat, quiet_seq, quiet_until FROM pgstream._beats AS b, pgstream._quiet_seq AS q, pgstream._quiet_until AS u;
      IF quiet_seq OPERATOR(pg_catalog.=) seq AND NOT is_woken
        AND quiet_until OPERATOR(pg_catalog.>) at AND quiet_until OPERATOR(pg_catalog.<=) (at OPERATOR(pg_catalog.+) interval '5 seconds')
        AND NOT EXISTS (SELECT FROM pgstream.frontiers AS f
          WHERE f.doubt IS NOT NULL AND pgstream._is_any_over(f.doubt, f.doubt_below, pg_catalog.pg_current_snapshot())) THEN
        -- Another has looked, and found nothing; or we have, when the last refresh was done.
        SELECT pg_catalog.max(f.doubt_below) INTO doubt_below FROM pgstream.frontiers AS f WHERE f.doubt IS NOT NULL;
        doubt := CASE WHEN doubt_below IS NOT NULL THEN snapshot END;
        last_seq := seq;
        look_at := least(quiet_until, at OPERATOR(pg_catalog.+) interval '1 second');
        needed_at := NULL;
      ELSE
        beat_at := pg_catalog.to_timestamp(beat OPERATOR(pg_catalog./) 1000000.0);
        is_others := at OPERATOR(pg_catalog.<) (needed_at OPERATOR(pg_catalog.+) patience) AND beat IS DISTINCT FROM own_beat
          AND (beat_at BETWEEN at OPERATOR(pg_catalog.-) in_time AND at OPERATOR(pg_catalog.+) in_time
            -- Who has refreshed a moment ago looks more often, and has all it needs at hand.
            OR at OPERATOR(pg_catalog.>=) lively_until AND at OPERATOR(pg_catalog.<) (needed_at OPERATOR(pg_catalog.+) in_time)
              AND beat_at BETWEEN at OPERATOR(pg_catalog.-) interval '1 second' AND at);
      END IF;
    END IF;
    IF needed_at IS NOT NULL AND NOT is_others AND at OPERATOR(pg_catalog.>=) rest_until THEN
      IF pgstream._scheduler_enabled() THEN
        own_beat := pgstream._beat();
      END IF;
      SELECT l.due, l.quiet_for, l.work INTO due, quiet_for, work FROM pgstream._look() AS l;
      look_at := at OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => quiet_for);
      -- All that was counted has been looked after: what may still come is of a transaction that was in doubt then.
      SELECT pg_catalog.max(f.doubt_below) INTO doubt_below FROM pgstream.frontiers AS f WHERE f.doubt IS NOT NULL;
      doubt := CASE WHEN doubt_below IS NOT NULL THEN snapshot END;
      last_seq := seq;
      needed_at := NULL;
      IF is_woken THEN
        deaf_until := at OPERATOR(pg_catalog.+) interval '0.2 seconds';
      END IF;
      rest_until := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) ((pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) at) OPERATOR(pg_catalog.*) 3);
    END IF;
    -- Each statement has a snapshot of its own; what holds back VACUUM is let go of ten times a second.
    IF due OPERATOR(pg_catalog.>) 0 OR at OPERATOR(pg_catalog.>=) commit_at THEN
      CALL pgstream._commit();
      commit_at := at OPERATOR(pg_catalog.+) interval '0.1 seconds';
    END IF;
    EXIT WHEN due OPERATOR(pg_catalog.>) 0 OR at OPERATOR(pg_catalog.>=) until;
    rests := CASE WHEN at OPERATOR(pg_catalog.<) lively_until THEN 0.005 WHEN at OPERATOR(pg_catalog.<) drowsy_from THEN 0.02 ELSE 0.04 END;
    rests_from := pg_catalog.clock_timestamp();
    PERFORM pg_catalog.pg_sleep(rests);
    in_time := interval '40 milliseconds' OPERATOR(pg_catalog.+)
      (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) rests_from OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => rests)) OPERATOR(pg_catalog.*) 2;
  END LOOP;
END
$$;
