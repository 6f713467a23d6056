-- Notes of several stream tables that nothing was altered that their plans rely on (pgstream._recheck_unwatched), in one
-- statement, so that their refreshes need not ask each for itself. Those of which that is not so are left to them, and those
-- that somebody holds. Says which were noted, and the versions that their frontiers have since.
CREATE OR REPLACE FUNCTION pgstream._note_unaltered(ids bigint[])
RETURNS TABLE (pgs_id bigint, version xid)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  asked CONSTANT bigint[] := ARRAY(SELECT f.pgs_id FROM pgstream.frontiers f
    WHERE f.pgs_id = ANY (ids) AND (f.stamped_at BETWEEN clock_timestamp() - interval '1 second' AND clock_timestamp()) IS NOT TRUE);
BEGIN
  IF asked = '{}' OR NOT pgstream._ddl_is_watched() THEN
    RETURN;
  END IF;
  RETURN QUERY WITH now AS MATERIALIZED (
    SELECT c.pgs_id, c.stamp FROM pgstream._catalog_stamps(asked) c
  ), unaltered AS (
    SELECT f.pgs_id FROM pgstream.frontiers f JOIN now n USING (pgs_id) WHERE f.stamp = n.stamp FOR UPDATE OF f SKIP LOCKED
  )
  UPDATE pgstream.frontiers f SET stamped_at = clock_timestamp() FROM unaltered u WHERE f.pgs_id = u.pgs_id
  RETURNING f.pgs_id, f.xmin;
END
$$;
