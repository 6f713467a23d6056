-- The groups of stream tables (nearly always of one) that want a refresh now, those that others read first; last those that
-- had to be left waiting. Asked about all of them at once, and often: counters and transactions tell which may have
-- something to consume (pgstream._movements), no buffer is looked into.
--
-- A bound says how stale the content may get: it counts from when the content was last equal to the query, and a bound of a
-- second or less is served as soon as something changed. Who reads another that is due waits for that one, unless it has
-- moved since: sources first, and yet nobody waits for ever where changes never end. A group whose members show different
-- moments is due whatever the bounds. `below`: of what moment the stream tables
-- below a group are; `was_left`: the last try was in vain.
CREATE OR REPLACE FUNCTION pgstream._due()
RETURNS TABLE (group_id bigint, members bigint[], versions xid[], rank integer, below timestamptz, was_left boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    WITH clock AS MATERIALIZED (
      SELECT clock_timestamp() AS now, pgstream._ddl_is_watched() AS is_watched, pgstream._cluster() AS cluster
    ), standing AS MATERIALIZED (
      SELECT s.pgs_id, s.pgs_relid, v.exact_at, g.group_id, g.depth, g.rank, g.ancestors, f.skips, f.xmin AS version, f.checked_at,
        f.checked_at + make_interval(secs => greatest(10, coalesce(2 * g.seconds, 0))) AS patient_until,
        s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL AS is_alive,
        coalesce(f.retry_at > c.now, false)
          -- After a failure: 2 s, 4 s, 8 s … up to a minute.
          OR s.last_error IS NOT NULL AND coalesce(f.last_refresh_at
            + make_interval(secs => least(60, 2 ^ least(greatest(s.consecutive_errors, 1), 6))) > c.now, false) AS must_wait,
        CASE WHEN NOT s.is_populated OR f.checked_at IS NULL THEN true
          WHEN cardinality(g.crons) > 0 AND coalesce(g.fires_at, pgstream._fires_at(g.crons, f.checked_at)) <= c.now THEN true
          WHEN g.seconds IS NULL THEN false
          -- A refresh takes its time: start early enough for the bound to hold.
          WHEN f.checked_at + make_interval(secs => greatest(g.seconds - coalesce(f.last_duration_ms, 0) / 500.0, 0)) <= c.now
            THEN s.strategy <> 'DIFFERENTIAL' OR s.needs_reinit OR s.needs_replan OR NOT c.is_watched
              OR v.moved OR f.moment IS NOT NULL OR f.system_identifier IS DISTINCT FROM c.cluster
          ELSE g.seconds <= 1 AND s.strategy = 'DIFFERENTIAL' AND v.moved END AS wants
      FROM pgstream.graph g
      JOIN pgstream.pgs_stream_tables s USING (pgs_id)
      JOIN pgstream.frontiers f USING (pgs_id)
      JOIN pgstream._standing() v USING (pgs_id)
      CROSS JOIN clock c
    ), wanting AS MATERIALIZED (
      SELECT * FROM standing s
      WHERE s.is_alive AND (s.wants OR s.group_id IN (SELECT a FROM pgstream._groups_apart() AS a)) AND NOT s.must_wait
    ), waiting AS (
      -- For another group that lies below, is due and has not moved since.
      SELECT DISTINCT w.group_id
      FROM wanting w CROSS JOIN unnest(w.ancestors) AS a(relid) JOIN wanting b ON b.pgs_relid = a.relid
      WHERE b.group_id <> w.group_id AND b.skips = 0
        AND coalesce(b.checked_at, '-infinity') <= coalesce(w.checked_at, '-infinity')
        AND coalesce(w.patient_until > (SELECT c.now FROM clock c), true)
    )
    SELECT s.group_id, array_agg(s.pgs_id ORDER BY s.depth, s.pgs_id), array_agg(s.version ORDER BY s.depth, s.pgs_id), max(s.rank),
      (SELECT min(b.exact_at) FROM standing m CROSS JOIN unnest(m.ancestors) AS a(relid) JOIN standing b ON b.pgs_relid = a.relid
        WHERE m.group_id = s.group_id AND b.group_id <> s.group_id),
      bool_or(s.skips > 0)
    FROM standing s
    WHERE s.is_alive AND s.group_id IN (SELECT w.group_id FROM wanting w)
      AND s.group_id NOT IN (SELECT w.group_id FROM waiting w)
      AND s.group_id NOT IN (SELECT o.group_id FROM standing o WHERE o.is_alive AND o.must_wait)
    GROUP BY s.group_id
    ORDER BY bool_or(s.skips > 0), max(s.rank), s.group_id;
END
$$;
