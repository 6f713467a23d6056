-- The groups of stream tables (nearly always of one) that want a refresh now, those that others read first; last those that
-- had to be left waiting. Of those that want one (pgstream._wanting), with the versions of their frontiers when they did; asked
-- are these, their groups and what lies below them, however many others there are.
-- What a prepared transaction holds is not due before that is over.
--
-- Who reads another that is due waits for that one, unless it has
-- moved since: sources first, and yet nobody waits for ever where changes never end. A group whose members show different
-- moments is due whatever the bounds. `below`: of what moment the stream tables
-- below a group are, and its members that stay as they are; `was_left`: the last try was in vain.
CREATE OR REPLACE FUNCTION pgstream._due_of(wanting bigint[], wanting_versions xid[])
RETURNS TABLE (group_id bigint, members bigint[], versions xid[], rank integer, below timestamptz, was_left boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- To plan it costs more than to do it.
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  now CONSTANT timestamptz := clock_timestamp();
  soon CONSTANT timestamptz := now + interval '61 seconds';
  apart CONSTANT bigint[] := ARRAY(SELECT a FROM pgstream._groups_apart() AS a);
  ids bigint[];
  held bigint[];
BEGIN
  IF cardinality(wanting) = 0 AND apart = '{}' THEN
    RETURN;
  END IF;
  ids := ARRAY(
    SELECT g.pgs_id FROM pgstream.graph g
    WHERE g.group_id = ANY (apart) OR g.group_id IN (SELECT o.group_id FROM pgstream.graph o WHERE o.pgs_id = ANY (wanting)));
  ids := ids || ARRAY(
    SELECT s.pgs_id FROM pgstream.pgs_stream_tables s
    WHERE s.pgs_id <> ALL (ids) AND s.pgs_relid IN (
      SELECT a FROM pgstream.graph g CROSS JOIN unnest(g.ancestors) AS a WHERE g.pgs_id = ANY (ids)));
  -- As with the pause after a try in vain, which could not be noted.
  held := pgstream._held_by_prepared(ids);
  RETURN QUERY
    WITH standing AS MATERIALIZED (
      SELECT s.pgs_id, s.pgs_relid, v.exact_at, g.group_id, g.depth, g.rank, g.ancestors, f.skips, f.xmin AS version, f.checked_at,
        f.checked_at + make_interval(secs => greatest(10, coalesce(2 * g.seconds, 0))) AS patient_until,
        s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL AS is_alive,
        -- As in pgstream._wanting.
        coalesce(f.retry_at > now AND f.retry_at <= soon, false)
          OR s.last_error IS NOT NULL AND coalesce(f.last_refresh_at <= soon AND f.last_refresh_at
            + make_interval(secs => least(60, 2 ^ least(greatest(s.consecutive_errors, 1), 6))) > now, false)
          OR s.pgs_id = ANY (held) AS must_wait,
        w.pgs_id IS NOT NULL AS wants
      -- Of a tenth or more, all are asked at once.
      FROM pgstream._standing(CASE WHEN cardinality(ids) * 10 < (SELECT count(*) FROM pgstream.graph) THEN ids END) v
      JOIN pgstream.graph g USING (pgs_id)
      JOIN pgstream.pgs_stream_tables s USING (pgs_id)
      JOIN pgstream.frontiers f USING (pgs_id)
      -- Whoever has moved since has done so for the same reason.
      LEFT JOIN unnest(wanting, wanting_versions) AS w(pgs_id, version) ON w.pgs_id = s.pgs_id AND w.version = f.xmin
      WHERE s.pgs_id = ANY (ids)
    ), ready AS MATERIALIZED (
      SELECT * FROM standing s WHERE s.is_alive AND (s.wants OR s.group_id = ANY (apart)) AND NOT s.must_wait
    ), waiting AS (
      -- For another group that lies below, is due and has not moved since.
      SELECT DISTINCT w.group_id
      FROM ready w CROSS JOIN unnest(w.ancestors) AS a(relid) JOIN ready b ON b.pgs_relid = a.relid
      WHERE b.group_id <> w.group_id AND b.skips = 0
        AND coalesce(b.checked_at, '-infinity') <= coalesce(w.checked_at, '-infinity')
        AND coalesce(w.patient_until > now, true)
    )
    SELECT s.group_id, array_agg(s.pgs_id ORDER BY s.depth, s.pgs_id), array_agg(s.version ORDER BY s.depth, s.pgs_id), max(s.rank),
      (SELECT min(coalesce(b.exact_at, '-infinity')) FROM standing m CROSS JOIN unnest(m.ancestors) AS a(relid) JOIN standing b ON b.pgs_relid = a.relid
        WHERE m.group_id = s.group_id AND m.is_alive AND (b.group_id <> s.group_id OR NOT b.is_alive)),
      bool_or(s.skips > 0)
    FROM standing s
    WHERE s.is_alive AND s.group_id IN (SELECT w.group_id FROM ready w)
      AND s.group_id NOT IN (SELECT w.group_id FROM waiting w)
      AND s.group_id NOT IN (SELECT o.group_id FROM standing o WHERE o.is_alive AND o.must_wait)
    GROUP BY s.group_id
    ORDER BY bool_or(s.skips > 0), max(s.rank), s.group_id;
END
$$;
