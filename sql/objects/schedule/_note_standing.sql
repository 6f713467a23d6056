-- Notes, once a second (true then), who has something to consume, with when each of them was last exact; the others were so at `at`, before
-- which nothing was looked at (pgstream._standing). By whoever looks for what is due: where all are busy, or nobody waits between
-- two passes, content that was exact until it moved would be taken for as old as its last refresh.
--
-- One that has caught up since `at` did so without those above it, which showed what it had been before: as the last note has it.
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
    SELECT coalesce(array_agg(s.pgs_id), '{}'), coalesce(array_agg(CASE WHEN s.exact_at > at THEN (
        SELECT nullif(least(at, w.looked_at, min(coalesce(b.as_of, '-infinity'))), '-infinity')
        FROM unnest(w.behind, w.behind_as_of) AS b(pgs_id, as_of) JOIN pgstream.pgs_stream_tables t USING (pgs_id)
        WHERE t.pgs_relid = s.relid OR t.pgs_relid = ANY (s.ancestors)) ELSE s.exact_at END), '{}')
    FROM pgstream._standing(CASE WHEN cardinality(lagging) * 10 < (SELECT count(*) FROM pgstream.graph) THEN lagging END) s
    WHERE s.pgs_id = ANY (lagging));
  RETURN true;
END
$$;
