-- How many groups of stream tables are due and in nobody's hands, which, and how many seconds nothing else can become due by the
-- clock alone? Notes which have something to consume, so that of the others it is known until when they were exact
-- (pgstream._freshness). Who finds nothing due says so: what had been counted by then no other caller need look for.
CREATE OR REPLACE FUNCTION pgstream._look(OUT due integer, OUT quiet_for double precision, OUT work pgstream.due_group[])
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '20ms'
AS $$
DECLARE
  at CONSTANT timestamptz := clock_timestamp();
  lagging bigint[];
  wanting bigint[];
  versions xid[];
  next_at timestamptz;
  is_any_held boolean;
  seq bigint;
  groups pgstream.due_group[];
  in_hand bigint[];
BEGIN
  due := 0;
  quiet_for := 1;
  IF NOT pgstream._scheduler_enabled() OR pg_is_in_recovery() THEN
    RETURN;
  END IF;
  seq := pg_sequence_last_value('pgstream.change_seq');
  -- Before anything is looked at: what is committed later leaves another.
  DELETE FROM pgstream._wakes w WHERE w.ctid = ANY (ARRAY(SELECT o.ctid FROM pgstream._wakes o FOR UPDATE SKIP LOCKED));
  PERFORM pgstream._follow_graph();
  LOOP
    SELECT coalesce(array_agg(w.pgs_id) FILTER (WHERE w.unmoved IS NOT TRUE), '{}'),
      coalesce(array_agg(w.pgs_id) FILTER (WHERE w.wants_at <= at), '{}'),
      coalesce(array_agg(w.version) FILTER (WHERE w.wants_at <= at), '{}'),
      least(min(w.wants_at) FILTER (WHERE w.wants_at > at), min(w.held_until) FILTER (WHERE w.held_until > at)),
      coalesce(bool_or(w.held_until > at), false)
    INTO lagging, wanting, versions, next_at, is_any_held FROM pgstream._wanting() AS w;
    EXIT WHEN NOT is_any_held OR NOT pgstream._retry_unhindered();
  END LOOP;
  IF pgstream._note_standing(at, lagging) THEN
    -- Not those of whoever computes the graph anew, in a transaction that may be long.
    UPDATE pgstream.graph g SET fires_at = pgstream._fires_at(g.crons, f.checked_at)
    FROM pgstream.frontiers f
    WHERE f.pgs_id = g.pgs_id AND f.checked_at IS NOT NULL AND g.pgs_id = ANY (ARRAY(
      SELECT o.pgs_id FROM pgstream.graph o WHERE o.fires_at IS NULL AND o.crons <> '{}' FOR UPDATE SKIP LOCKED));
  END IF;
  due := pgstream._watch_due()::integer;
  IF wanting <> '{}' OR EXISTS (SELECT FROM pgstream._groups_apart()) THEN
    -- What wants and is not due waits for others.
    groups := ARRAY(SELECT ROW(d.group_id, d.members, d.versions, d.below, d.was_left)::pgstream.due_group
      FROM pgstream._due_of(wanting, versions) AS d);
    IF groups <> '{}' THEN
      in_hand := ARRAY(SELECT pgstream._in_hand());
      work := CASE WHEN in_hand = '{}' THEN groups
        ELSE ARRAY(SELECT g FROM unnest(groups) AS g WHERE NOT g.members && in_hand) END;
      due := due + cardinality(work);
    END IF;
  ELSE
    quiet_for := greatest(0, least(CASE WHEN is_any_held THEN 1 ELSE 5 END, extract(epoch FROM next_at - at)));
  END IF;
  IF due = 0 AND cardinality(groups) > 0 THEN
    -- Whoever has them may be gone any time, and nothing is counted then: looked at often, in a twentieth of the time at most.
    quiet_for := least(1, greatest(0.1, 20 * extract(epoch FROM clock_timestamp() - at)));
  ELSIF due = 0 THEN
    PERFORM pgstream._note_quiet(seq, quiet_for);
  END IF;
  -- What was found may have left nothing to find it by: whoever has it may be gone before it is done.
  IF groups <> '{}' THEN
    PERFORM setval('pgstream._quiet_seq', 0);
  END IF;
EXCEPTION WHEN lock_not_available THEN
  due := 0;
  work := NULL;
END
$$;
