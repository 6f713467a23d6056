-- What a large delta is expected to take: `changes` rows per source; `costs` per source, then the factor by which several
-- sources that changed cost more than each by itself.
CREATE OR REPLACE FUNCTION pgstream._delta_ms(changes bigint[], costs double precision[]) RETURNS double precision
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT sum(pgstream._delta_size(n) * cost) * CASE WHEN count(*) > 1 THEN costs[cardinality(costs)] ELSE 1 END
  FROM unnest(changes, costs[:cardinality(changes)]) AS u(n, cost) WHERE n > 0
$$;
