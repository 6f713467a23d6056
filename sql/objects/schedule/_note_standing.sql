-- Notes, once a second (true then), who has something to consume, with when each of them was last exact; the others were so at `at`, before
-- which nothing was looked at (pgstream._standing). By whoever looks for what is due: where all are busy, or nobody waits between
-- two passes, content that was exact until it moved would be taken for as old as its last refresh.
CREATE OR REPLACE FUNCTION pgstream._note_standing(at timestamptz, lagging bigint[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM pgstream._scheduler w WHERE w.looked_at NOT BETWEEN at - interval '1 second' AND at + interval '1 minute' FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM set_config('synchronous_commit', 'off', true);
  UPDATE pgstream._scheduler w SET looked_at = at, (behind, behind_as_of) = (
    SELECT coalesce(array_agg(s.pgs_id), '{}'), coalesce(array_agg(s.exact_at), '{}')
    FROM pgstream._standing(CASE WHEN cardinality(lagging) * 10 < (SELECT count(*) FROM pgstream.graph) THEN lagging END) s
    WHERE s.pgs_id = ANY (lagging));
  RETURN true;
END
$$;
