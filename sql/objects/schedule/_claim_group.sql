-- requires: schedule/_foreign_locks
-- Takes a due group of several stream tables for this session until pgstream._release_group; false when another caller is at
-- it or has just been. Says what has been counted and which transactions are under way, in this order, before the snapshot
-- of the refresh is taken. A claim saves two callers the same work and does no more: the frontiers are locked in any case. So
-- one that is held by somebody who is no scheduler, or who was and is not at work any more, counts for nothing. `repeatable`: nothing has to be made anew first, which a REPEATABLE READ transaction cannot.
CREATE OR REPLACE FUNCTION pgstream._claim_group(
  group_id bigint, members bigint[], versions xid[],
  OUT claimed boolean, OUT totals numeric[], OUT in_flight pg_snapshot, OUT number bigint, OUT repeatable boolean
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  claimed := pgstream._scheduler_enabled();
  IF NOT claimed THEN
    RETURN;
  END IF;
  IF NOT pg_try_advisory_lock('pgstream.graph'::regclass::oid::integer, (group_id % 2147483647)::integer) THEN
    PERFORM pg_stat_clear_snapshot();
    claimed := EXISTS (SELECT FROM pgstream._foreign_locks f
      WHERE f.classid = 'pgstream.graph'::regclass AND f.objid::bigint = group_id % 2147483647);
    IF NOT claimed THEN
      RETURN;
    END IF;
  END IF;
  -- In a statement that begins with the claim in our hands.
  IF EXISTS (SELECT FROM unnest(members, versions) AS u(pgs_id, version) LEFT JOIN pgstream.frontiers f USING (pgs_id)
      WHERE f.xmin IS NULL OR f.xmin <> u.version) THEN
    PERFORM pgstream._release_group(group_id);
    claimed := false;
    RETURN;
  END IF;
  -- Before anything is written, which takes a number: who has counted by now has a smaller one than we.
  totals := pgstream._movements_of_members(members, false);
  PERFORM pgstream._note_unaltered(members);
  number := pg_current_xact_id()::text::bigint;
  in_flight := pgstream._under_way(members, number);
  repeatable := pgstream._ddl_is_watched() AND NOT EXISTS (
    SELECT FROM pgstream.pgs_stream_tables s JOIN pgstream.frontiers f USING (pgs_id)
    WHERE s.pgs_id = ANY (members) AND (NOT s.is_populated OR s.needs_reinit OR s.needs_replan
      OR f.system_identifier IS DISTINCT FROM pgstream._cluster()));
END
$$;
