-- Asks the same of each of these stream tables, as pgstream._ask does, and returns of how many it made a difference. In the
-- order of the ids: no deadlocks.
CREATE OR REPLACE FUNCTION pgstream._ask_each(ids bigint[], what text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  id bigint;
  done bigint := 0;
BEGIN
  FOR id IN SELECT i FROM unnest(ids) AS i ORDER BY i LOOP
    -- Somebody may have dropped it while we waited for another.
    CONTINUE WHEN NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id);
    done := done + (pgstream._ask(id, what) IS NOT NULL)::integer;
  END LOOP;
  RETURN done;
END
$$;
