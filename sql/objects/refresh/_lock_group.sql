-- Takes a group of stream tables for refreshing, to the end of the transaction: all of them, in one order.
CREATE OR REPLACE FUNCTION pgstream._lock_group(members bigint[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM pgstream.frontiers f JOIN unnest(members) WITH ORDINALITY AS m(pgs_id, place) USING (pgs_id)
  ORDER BY m.place FOR UPDATE OF f;
END
$$;
