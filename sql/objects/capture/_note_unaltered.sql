-- Notes of several stream tables that nothing was altered that their plans rely on (pgstream._recheck_unwatched), in one
-- statement, so that their refreshes need not ask each for itself. Those of which that is not so are left to them, and those
-- that somebody holds.
CREATE OR REPLACE FUNCTION pgstream._note_unaltered(ids bigint[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  asked CONSTANT bigint[] := ARRAY(SELECT l.pgs_id FROM pgstream._catalog_looks l
    WHERE l.pgs_id = ANY (ids) AND (l.looked_at BETWEEN clock_timestamp() - interval '1 second' AND clock_timestamp()) IS NOT TRUE);
BEGIN
  IF asked = '{}' OR NOT pgstream._ddl_is_watched() THEN
    RETURN;
  END IF;
  WITH now AS MATERIALIZED (
    SELECT c.pgs_id, c.stamp FROM pgstream._catalog_stamps(asked) c
  ), unaltered AS (
    SELECT l.pgs_id FROM pgstream._catalog_looks l JOIN now n USING (pgs_id) WHERE l.stamp = n.stamp FOR UPDATE OF l SKIP LOCKED
  )
  UPDATE pgstream._catalog_looks l SET looked_at = clock_timestamp() FROM unaltered u WHERE l.pgs_id = u.pgs_id;
END
$$;
