-- Where stream tables stand, all or some, from counters and transactions alone, without a look into any buffer. `moved`:
-- something may have come since somebody last looked. `unmoved`: nothing can have, so it is exact now; to a REPEATABLE READ
-- transaction, whose frontiers and transactions are those of its snapshot: exact when it began.
--
-- `exact_at`: when it was last known to be equal to its query over its sources. What is read through other stream tables counts
-- as of what they showed when that was known: those that were behind then may have caught up since, without it. NULL where it was
-- not filled yet, or was computed over one that was not.
CREATE OR REPLACE FUNCTION pgstream._standing(ids bigint[] DEFAULT NULL)
RETURNS TABLE (pgs_id bigint, relid oid, ancestors oid[], moved boolean, unmoved boolean, exact_at timestamptz)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- To plan it costs more than to do it.
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  -- Before the counters are read.
  at CONSTANT timestamptz := CASE WHEN current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN clock_timestamp()
    ELSE transaction_timestamp() END;
BEGIN
  RETURN QUERY
    WITH movements AS (
      SELECT m.pgs_id, m.total FROM pgstream._movements() m WHERE ids IS NULL
      UNION ALL
      SELECT i, pgstream._movements_of(i) FROM unnest(ids) AS i
    ), late AS MATERIALIZED (
      SELECT s.pgs_id, s.pgs_relid, b.as_of
      FROM pgstream._scheduler w CROSS JOIN unnest(w.behind, w.behind_as_of) AS b(pgs_id, as_of)
      JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    ), below AS MATERIALIZED (
      SELECT g.pgs_id, min(coalesce(l.as_of, '-infinity')) AS as_of
      FROM pgstream.graph g CROSS JOIN unnest(g.ancestors) AS a(relid) JOIN late l ON l.pgs_relid = a.relid
      WHERE ids IS NULL OR g.pgs_id = ANY (ids) GROUP BY g.pgs_id
    )
    SELECT s.pgs_id, s.pgs_relid, coalesce(g.ancestors, '{}'), v.moved, u.unmoved,
      CASE WHEN NOT s.is_populated THEN NULL
        WHEN u.unmoved THEN at
        -- Who was behind at the last look: until when it was not.
        WHEN u.can_tell THEN nullif(greatest(f.data_timestamp,
          least(CASE WHEN o.pgs_id IS NULL THEN w.looked_at ELSE coalesce(o.as_of, '-infinity') END, b.as_of)), '-infinity')
        ELSE f.data_timestamp END
    FROM pgstream.pgs_stream_tables s
    JOIN pgstream.frontiers f USING (pgs_id)
    LEFT JOIN pgstream.graph g USING (pgs_id)
    LEFT JOIN movements m USING (pgs_id)
    LEFT JOIN below b USING (pgs_id)
    LEFT JOIN late o USING (pgs_id)
    CROSS JOIN pgstream._scheduler w
    CROSS JOIN LATERAL (SELECT s.is_populated AND s.strategy = 'DIFFERENTIAL' AND NOT s.needs_reinit AND s.broken_reason IS NULL
      AND f.moment IS NULL AND f.seen IS NOT NULL AND f.failed_version IS NULL AND g.pgs_id IS NOT NULL AS can_tell) AS c
    -- OFFSET: once, however often it is used.
    CROSS JOIN LATERAL (SELECT f.seen IS DISTINCT FROM m.total OR f.doubt IS NOT NULL
      AND pgstream._is_any_over(f.doubt, f.doubt_below, pg_current_snapshot()) AS moved OFFSET 0) AS v
    CROSS JOIN LATERAL (SELECT c.can_tell, c.can_tell AND NOT v.moved AS unmoved) AS u
    WHERE ids IS NULL OR s.pgs_id = ANY (ids);
END
$$;
