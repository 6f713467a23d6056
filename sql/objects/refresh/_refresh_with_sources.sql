-- Refreshes a stream table by a person's wish: first the stream tables below it, so that it shows what the ordinary tables
-- show, and together with it the others of its group. What is suspended or broken on the way stays as it is.
--
-- Who had to wait may have waited for a definition that made other groups: then everything is let go of, and done again. It may
-- also be our own doing, a plan made anew that reads other stream tables, which would be so each time: the second time it is
-- kept, and what is below is refreshed as well.
--
-- Where several groups need their writers held off that is done for all at once, before anything is refreshed: who waits for it lets
-- go of everything in between (pgstream._lock_writers).
--
-- With `since`: who had to wait for somebody who recomputes it, or what it reads, leaves it at that when it is no older by
-- then, and FRESH is the answer. (The others find nothing pending.)
CREATE OR REPLACE FUNCTION pgstream._refresh_with_sources(id bigint, since timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET exit_on_error = off
AS $$
DECLARE
  -- Of definitions that the graph does not show yet.
  notes text;
  news pgstream.graph[];
  groups text[];
  members bigint[];
  -- Of groups that are recomputed, and of those that turned out to be written faster than they are refreshed.
  recomputed bigint[];
  outrun bigint[] := '{}';
  actions text[];
  action text;
  as_of timestamptz;
  below timestamptz;
  is_again boolean := false;
  repeatable CONSTANT boolean := current_setting('transaction_isolation') IN ('repeatable read', 'serializable');
BEGIN
  LOOP
    notes := pgstream._notes_of_graph();
    news := pgstream._news_of_graph();
    groups := pgstream._groups_needed(id, news);
    recomputed := pgstream._members_recomputed(groups, outrun);
    action := 'SKIP';
    BEGIN
      IF NOT repeatable AND cardinality(recomputed) > 0 AND NOT EXISTS (SELECT FROM unnest(groups) AS g WHERE recomputed <@ g::bigint[]) THEN
        PERFORM pgstream._lock_writers(ARRAY(SELECT m FROM unnest(groups) WITH ORDINALITY AS g(members, place), unnest(g.members::bigint[])
          WITH ORDINALITY AS m(m, n) ORDER BY g.place, m.n), id, false, recomputed);
      END IF;
      FOR i IN 1..cardinality(groups) LOOP
        members := groups[i]::bigint[];
        below := pgstream._time_below(members);
        IF cardinality(members) = 1 THEN
          -- Or somebody has dropped it.
          CONTINUE WHEN NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
            WHERE s.pgs_id = members[1] AND s.status <> 'SUSPENDED' AND s.broken_reason IS NULL);
          IF since IS NOT NULL AND EXISTS (
              SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = members[1] AND s.strategy = 'FULL' AND NOT s.is_copy) THEN
            PERFORM pgstream._lock_group(members);
            PERFORM pgstream._leave_fresh(id, since);
          END IF;
          as_of := CASE WHEN repeatable THEN transaction_timestamp() ELSE clock_timestamp() END;
          actions := ARRAY[pgstream._refresh_or_recompute(members[1], 'MANUAL')];
        ELSE
          SELECT t.actions, t.as_of INTO actions, as_of
          FROM pgstream._refresh_together(members, 'MANUAL', false, id, since, cardinality(groups) = 1 OR members <@ recomputed) AS t;
        END IF;
        -- Nothing new is news as well, but not under REPEATABLE READ, where writing it down may fail, nor worth a wait for who
        -- has refreshed one and not ended yet.
        IF actions && '{FULL,DIFFERENTIAL,REINITIALIZE}' OR pgstream._has_moments(members)
          OR 'NO_DATA' = ANY (actions) AND NOT repeatable AND EXISTS (
            SELECT FROM pgstream.frontiers f
            WHERE f.pgs_id = ANY (members) AND coalesce(f.data_timestamp, '-infinity') < as_of - interval '1 second')
            AND cardinality(members) = (SELECT count(*) FROM (
              SELECT FROM pgstream.frontiers f WHERE f.pgs_id = ANY (members) FOR UPDATE SKIP LOCKED) AS l) THEN
          PERFORM pgstream._date(ARRAY(SELECT u.id FROM unnest(members, actions) AS u(id, action) WHERE u.action <> 'SKIP'), as_of,
            least(below, pgstream._time_left_out(members, actions)));
        END IF;
        action := coalesce(actions[array_position(members, id)], action);
      END LOOP;
      EXIT WHEN pgstream._notes_of_graph() = notes;
      EXIT WHEN pgstream._groups_needed(id, pgstream._news_of_graph()) = groups;
      IF NOT is_again THEN
        RAISE EXCEPTION USING ERRCODE = 'PGS02', MESSAGE = 'other stream tables are refreshed together by now';
      END IF;
    EXCEPTION
      WHEN SQLSTATE 'PGS02' THEN
        is_again := true;
      WHEN SQLSTATE 'PGS07' THEN
        outrun := outrun || members;
      WHEN SQLSTATE 'PGS06' THEN
        RETURN 'FRESH';
      WHEN SQLSTATE 'PGS05' THEN
        RAISE EXCEPTION 'permission denied to hold off the writers of table %', SQLERRM
          USING ERRCODE = 'insufficient_privilege',
            DETAIL = 'A group of stream tables that is recomputed, or whose sources change faster than it is refreshed, gets to one moment only then.',
            HINT = 'Refresh it in a REPEATABLE READ transaction, which takes no such lock, or leave it to the scheduler.';
    END;
  END LOOP;
  -- Somebody has dropped it, or it was found broken.
  IF groups = '{}' OR action = 'SKIP' AND EXISTS (
    SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id AND s.broken_reason IS NOT NULL) THEN
    RETURN pgstream._refresh_or_recompute(id, 'MANUAL');
  END IF;
  RETURN action;
END
$$;
