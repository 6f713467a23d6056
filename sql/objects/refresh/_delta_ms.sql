-- What a large delta is expected to take: `changes` rows per source; `costs` per source, then the factor by which several
-- sources that changed cost more than each by itself. (Loops: a query over arrays would be planned anew each time.)
CREATE OR REPLACE FUNCTION pgstream._delta_ms(changes bigint[], costs double precision[]) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  result double precision;
  changed int := 0;
BEGIN
  FOR i IN 1..cardinality(changes) LOOP
    IF changes[i] > 0 THEN
      changed := changed + 1;
      result := coalesce(result, 0) + pgstream._delta_size(changes[i]) * costs[i];
    END IF;
  END LOOP;
  RETURN CASE WHEN changed > 1 THEN result * costs[cardinality(costs)] ELSE result END;
END
$$;
