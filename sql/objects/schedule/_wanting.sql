-- When each stream table next wants a refresh by itself: a time that has come, or one to come by the clock alone; NULL when
-- only a movement of its sources can make one. Asked about all of them at once, and often: counters and transactions tell
-- which may have something to consume (pgstream._movements), no buffer is looked into. `held_until`: the end of the pause
-- after a try in vain, which holds its group; `version`: of its frontier.
--
-- A bound says how stale the content may get: it counts from when the content was last equal to the query, and a bound of a
-- second or less is served as soon as something changed. Who failed for what is in the data wants nothing before that changes.
-- Who had to read something older than its own bound (a backlog below takes longer, or is in another caller's hands) wants another
-- look as soon as all that is below it shows something younger.
-- What is dated later than now, by a clock that was set back or another machine's, says nothing of when.
CREATE OR REPLACE FUNCTION pgstream._wanting()
RETURNS TABLE (pgs_id bigint, version xid, unmoved boolean, wants_at timestamptz, held_until timestamptz)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  is_watched CONSTANT boolean := pgstream._ddl_is_watched();
  own_cluster CONSTANT bigint := pgstream._cluster();
  -- No pause is longer than a minute.
  soon CONSTANT timestamptz := clock_timestamp() + interval '61 seconds';
BEGIN
  RETURN QUERY
    -- Neither is computed unless one has to be asked for, and then once for all.
    WITH standing AS MATERIALIZED (
      SELECT v.pgs_id, v.relid, v.exact_at, g.group_id, s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL AS is_alive
      FROM pgstream._standing() v JOIN pgstream.graph g USING (pgs_id) JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    ), below AS MATERIALIZED (
      -- As in pgstream._due_of.
      SELECT m.group_id, min(coalesce(b.exact_at, '-infinity')) AS as_of
      FROM standing m JOIN pgstream.graph o USING (pgs_id) CROSS JOIN unnest(o.ancestors) AS a(relid) JOIN standing b ON b.relid = a.relid
      WHERE m.is_alive AND (b.group_id <> m.group_id OR NOT b.is_alive) GROUP BY m.group_id
    )
    SELECT s.pgs_id, f.xmin, u.unmoved, CASE WHEN a.is_alive AND w.at IS NOT NULL AND NOT a.is_held THEN greatest(w.at, h.until) END, CASE WHEN a.is_alive THEN h.until END
    FROM pgstream.pgs_stream_tables s
    JOIN pgstream.frontiers f USING (pgs_id)
    LEFT JOIN pgstream.graph g USING (pgs_id)
    LEFT JOIN pgstream._movements() m USING (pgs_id)
    -- As in pgstream._standing, without a look at each one's ancestors.
    CROSS JOIN LATERAL (SELECT f.seen IS DISTINCT FROM m.total OR f.doubt IS NOT NULL
      AND pgstream._is_any_over(f.doubt, f.doubt_below, pg_current_snapshot()) AS moved OFFSET 0) AS v
    CROSS JOIN LATERAL (SELECT s.is_populated AND s.strategy = 'DIFFERENTIAL' AND NOT s.needs_reinit AND s.broken_reason IS NULL
      AND f.moment IS NULL AND f.seen IS NOT NULL AND f.failed_version IS NULL AND g.pgs_id IS NOT NULL AND NOT v.moved AS unmoved) AS u
    CROSS JOIN LATERAL (SELECT g.pgs_id IS NOT NULL AND s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL AS is_alive,
      coalesce(f.failed_version = s.xmin AND s.strategy = 'DIFFERENTIAL' AND f.moment IS NULL AND NOT v.moved, false) AS is_held) AS a
    -- After a failure: 2 s, 4 s, 8 s … up to a minute.
    CROSS JOIN LATERAL (SELECT greatest(CASE WHEN f.retry_at <= soon THEN f.retry_at END, CASE WHEN s.last_error IS NOT NULL AND f.last_refresh_at <= soon
      THEN f.last_refresh_at + make_interval(secs => least(60, 2 ^ least(greatest(s.consecutive_errors, 1), 6))) END) AS until) AS h
    CROSS JOIN LATERAL (SELECT CASE WHEN NOT s.is_populated OR f.checked_at IS NULL OR f.checked_at > soon THEN '-infinity'
      ELSE least(
        CASE WHEN cardinality(g.crons) > 0 THEN coalesce(g.fires_at, pgstream._fires_at(g.crons, f.checked_at)) END,
        CASE WHEN g.seconds IS NOT NULL AND (s.strategy <> 'DIFFERENTIAL' OR s.needs_reinit OR s.needs_replan OR NOT is_watched
            OR v.moved OR f.failed_version IS NOT NULL OR f.moment IS NOT NULL OR f.system_identifier IS DISTINCT FROM own_cluster)
          -- A refresh takes its time: start early enough for the bound to hold.
          THEN f.checked_at + make_interval(secs => greatest(g.seconds - coalesce(f.last_duration_ms, 0) / 500.0, 0)) END,
        CASE WHEN g.seconds IS NOT NULL AND v.moved AND f.data_timestamp < f.checked_at - make_interval(secs => g.seconds)
            AND (SELECT b.as_of FROM below b WHERE b.group_id = g.group_id) > f.data_timestamp
          THEN f.checked_at + interval '1 second' END,
        CASE WHEN g.seconds <= 1 AND s.strategy = 'DIFFERENTIAL' AND (v.moved OR f.failed_version IS NOT NULL) THEN '-infinity'::timestamptz END)
      END AS at) AS w;
END
$$;
