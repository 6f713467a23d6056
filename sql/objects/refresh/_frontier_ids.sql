-- The transactions below xmax that a frontier has not consumed: those in progress at its snapshot, and the one that
-- made it, whose rows count by their sequence number (its own id looks consumed in its own snapshot). Read from the
-- snapshot's text, xmin:xmax:xip,…: without a subquery in it, it becomes part of the expression that calls it.
CREATE OR REPLACE FUNCTION pgstream._frontier_ids(snapshot pg_snapshot, own_xid bigint) RETURNS bigint[]
LANGUAGE sql IMMUTABLE
AS $$
  SELECT string_to_array(split_part(snapshot::text, ':', 3), ',')::bigint[] || own_xid
$$;
