-- Which of these stream tables nobody can refresh now, where a prepared transaction may be why: it holds their frontiers. Those
-- of others who are at work are among them; they will be done soon. Nothing stays locked.
CREATE OR REPLACE FUNCTION pgstream._held_by_prepared(ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  free bigint[];
BEGIN
  -- Nearly always there is none.
  IF NOT EXISTS (SELECT FROM pg_prepared_xact()) OR NOT EXISTS (
    SELECT FROM pg_locks l
    WHERE l.locktype = 'relation' AND l.pid IS NULL AND l.relation = 'pgstream.frontiers'::regclass
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND l.mode IN ('RowShareLock', 'RowExclusiveLock')) THEN
    RETURN '{}';
  END IF;
  BEGIN
    free := ARRAY(SELECT f.pgs_id FROM pgstream.frontiers f WHERE f.pgs_id = ANY (ids) FOR UPDATE SKIP LOCKED);
    RAISE EXCEPTION USING ERRCODE = 'PGS04', MESSAGE = 'to be rolled back';
  EXCEPTION WHEN SQLSTATE 'PGS04' THEN
    RETURN ARRAY(SELECT i FROM unnest(ids) AS i WHERE i <> ALL (free));
  END;
END
$$;
