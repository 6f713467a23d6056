-- Calls a generated function that computes everything, `fill` or `full`. A fill says at which snapshot it ran, unless
-- the planner knows that there is nothing to read: then any will do.
CREATE OR REPLACE FUNCTION pgstream._call_fill(id bigint, variant text) RETURNS pgstream.refresh_result
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target pgstream._refresh_targets;
  frontier pgstream.frontiers;
BEGIN
  SELECT * INTO target FROM pgstream._refresh_targets t WHERE t.pgs_id = id;
  frontier := target.frontier;
  frontier.snapshot := pg_current_snapshot();
  target.frontier := frontier;
  PERFORM set_config('pg_stream.snapshot', frontier.snapshot::text, true);
  RETURN pgstream._call_refresh(target, target.owner, variant);
END
$$;
