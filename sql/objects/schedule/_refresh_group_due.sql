-- Refreshes a claimed group of several stream tables in the caller's transaction (pgstream._refresh_together), and notes what
-- the claim has seen.
CREATE OR REPLACE FUNCTION pgstream._refresh_group_due(
  members bigint[], totals numeric[], in_flight pg_snapshot, number bigint, below timestamptz,
  OUT actions text[], OUT failing bigint, OUT message text, OUT state text, OUT is_raised boolean
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = on
AS $$
DECLARE
  as_of timestamptz;
  inside numeric[];
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  PERFORM set_config('lock_timeout', (500 * 2 ^ least(3, (
    SELECT max(f.skips) FROM pgstream.frontiers f WHERE f.pgs_id = ANY (members))))::integer || 'ms', true);
  SELECT t.actions, t.as_of, t.failing, t.message, t.state, t.is_raised
  INTO actions, as_of, failing, message, state, is_raised
  FROM pgstream._refresh_together(members, 'SCHEDULER', true) AS t;
  IF actions IS NOT NULL THEN
    -- What the members have counted among themselves is all consumed.
    inside := pgstream._movements_of_members(members, true);
    PERFORM pgstream._note_look(array_agg(u.id ORDER BY u.place), array_agg(u.action ORDER BY u.place),
      array_agg(coalesce(u.outside + u.inside, u.outside, u.inside) ORDER BY u.place), as_of,
      least(below, pgstream._time_left_out(members, actions)), in_flight, number, true)
    FROM unnest(members, actions, totals, inside) WITH ORDINALITY AS u(id, action, outside, inside, place)
    WHERE u.action <> 'SKIP' HAVING count(*) > 0;
  END IF;
END
$$;
