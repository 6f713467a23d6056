-- How many groups of stream tables are due? Notes once a second which have something to consume, so that of the others it is
-- known until when they were exact (pgstream._freshness).
CREATE OR REPLACE FUNCTION pgstream._look() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '20ms'
AS $$
DECLARE
  at CONSTANT timestamptz := clock_timestamp();
BEGIN
  IF NOT pgstream._scheduler_enabled() OR pg_is_in_recovery() THEN
    RETURN 0;
  END IF;
  PERFORM pgstream._follow_graph();
  PERFORM FROM pgstream._scheduler w WHERE w.looked_at <= at - interval '1 second' FOR UPDATE SKIP LOCKED;
  IF FOUND THEN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE pgstream._scheduler SET looked_at = at, behind = ARRAY(SELECT s.pgs_id FROM pgstream._standing() s WHERE NOT s.unmoved);
    UPDATE pgstream.graph g SET fires_at = pgstream._fires_at(g.crons, f.checked_at)
    FROM pgstream.frontiers f WHERE g.fires_at IS NULL AND g.crons <> '{}' AND f.pgs_id = g.pgs_id AND f.checked_at IS NOT NULL;
  END IF;
  RETURN (SELECT count(*) FROM pgstream._due()) + pgstream._watch_due()::integer;
EXCEPTION WHEN lock_not_available THEN
  RETURN 0;
END
$$;
