-- Every relation whose own statements change what a query on `source` sees: the table itself, its partitions and
-- inheritance children, at every depth. A statement trigger fires only on the relation that the statement names.
CREATE OR REPLACE FUNCTION pgstream._capture_carriers(source oid) RETURNS oid[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE carrier(oid) AS (
    SELECT source
    UNION
    SELECT i.inhrelid FROM carrier JOIN pg_inherits i ON i.inhparent = carrier.oid WHERE NOT i.inhdetachpending
  )
  SELECT array_agg(oid ORDER BY oid) FROM carrier
$$;
