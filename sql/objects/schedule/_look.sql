-- How many groups of stream tables are due, and how many seconds nothing else can become due by the clock alone? Notes which
-- have something to consume, so that of the others it is known until when they were exact (pgstream._freshness).
CREATE OR REPLACE FUNCTION pgstream._look(OUT due integer, OUT quiet_for double precision)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '20ms'
AS $$
DECLARE
  at CONSTANT timestamptz := clock_timestamp();
  lagging bigint[];
BEGIN
  due := 0;
  quiet_for := 1;
  IF NOT pgstream._scheduler_enabled() OR pg_is_in_recovery() THEN
    RETURN;
  END IF;
  PERFORM pgstream._follow_graph();
  lagging := ARRAY(SELECT s.pgs_id FROM pgstream._standing() s WHERE s.unmoved IS NOT TRUE);
  PERFORM FROM pgstream._scheduler w WHERE w.looked_at <= at - interval '1 second' FOR UPDATE SKIP LOCKED;
  IF FOUND THEN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE pgstream._scheduler SET looked_at = at, behind = lagging;
    -- Not those of whoever computes the graph anew, in a transaction that may be long.
    UPDATE pgstream.graph g SET fires_at = pgstream._fires_at(g.crons, f.checked_at)
    FROM pgstream.frontiers f
    WHERE f.pgs_id = g.pgs_id AND f.checked_at IS NOT NULL AND g.pgs_id = ANY (ARRAY(
      SELECT o.pgs_id FROM pgstream.graph o WHERE o.fires_at IS NULL AND o.crons <> '{}' FOR UPDATE SKIP LOCKED));
  END IF;
  due := pgstream._watch_due()::integer;
  IF lagging = '{}' AND pgstream._ddl_is_watched() AND NOT EXISTS (SELECT FROM pgstream.graph g WHERE g.crons <> '{}')
    AND NOT EXISTS (SELECT FROM pgstream._groups_apart()) THEN
    quiet_for := 5;
  ELSE
    due := due + (SELECT count(*) FROM pgstream._due());
  END IF;
EXCEPTION WHEN lock_not_available THEN
  due := 0;
END
$$;
