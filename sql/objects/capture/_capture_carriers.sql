-- Every relation whose own statements change what a query on `source` sees: the table itself, its partitions and
-- inheritance children, at every depth. A statement trigger fires only on the relation that the statement names. Those
-- that cannot bear triggers for everybody, foreign and temporary tables, are an obstacle (pgstream._capture_obstacle).
CREATE OR REPLACE FUNCTION pgstream._capture_carriers(source oid) RETURNS oid[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN (
    SELECT array_agg(d ORDER BY d) FROM unnest(pgstream._descendants(source)) AS d
    WHERE d = source OR EXISTS (SELECT FROM pg_class c WHERE c.oid = d AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'));
END
$$;
