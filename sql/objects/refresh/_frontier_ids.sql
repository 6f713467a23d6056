-- The transactions below xmax that a frontier has not consumed: those in progress at its snapshot, and the one that
-- made it, whose rows count by their sequence number (its own id looks consumed in its own snapshot).
CREATE OR REPLACE FUNCTION pgstream._frontier_ids(snapshot pg_snapshot, own_xid bigint) RETURNS bigint[]
LANGUAGE sql IMMUTABLE
AS $$
  SELECT ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(snapshot) AS x) || own_xid
$$;
