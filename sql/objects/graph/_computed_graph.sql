-- Computes from all definitions what pgstream.graph shows, and writes nothing: a definition that is not committed is
-- for its own transaction only.
--
-- Stream tables go into one group when their content must be of one moment: those on two ways from a relation to a
-- stream table in which the ways meet again (a diamond) without one that all of them go through, and those that were
-- given the same consistency group. A group is refreshed as a whole, so no way may lead out of it and back into it:
-- what lies on such a way belongs to it as well.
--
-- Who reads a partitioned table or a parent reads its partitions and children: of these count the ones that others read as
-- well, or have several parents.
--
-- A bound reaches down through all that is read: whatever has a longer one or none is refreshed as often as its readers need.
-- Times by cron are kept as they are. Members of a group show one moment, so what one of them needs all do, by cron or not:
-- else one with news that has time keeps the others at the moment before. The minute of what nobody asks for reaches down as
-- far as all is calculated: a slow reader makes nothing slower that is there.
CREATE OR REPLACE FUNCTION pgstream._computed_graph() RETURNS SETOF pgstream.graph
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  nodes pgstream.graph[];
  -- Who reads what, partitions and children included.
  readers bigint[];
  sources oid[];
  -- Stream tables, and the groups that they are in.
  ids bigint[];
  groups bigint[];
  joined bigint[];
  -- Pairs that belong together.
  ones bigint[];
  others bigint[];
BEGIN
  WITH RECURSIVE descent(top, relid) AS (
    SELECT DISTINCT d.source_relid, d.source_relid FROM pgstream.pgs_dependencies d
    UNION
    SELECT e.top, i.inhrelid FROM descent e JOIN pg_inherits i ON i.inhparent = e.relid WHERE NOT i.inhdetachpending
  ), shared AS (
    SELECT DISTINCT d.source_relid AS relid FROM pgstream.pgs_dependencies d
    UNION
    SELECT i.inhrelid FROM pg_inherits i GROUP BY i.inhrelid HAVING count(*) > 1
  )
  SELECT array_agg(r.pgs_id), array_agg(r.relid) INTO readers, sources
  FROM (
    SELECT DISTINCT d.pgs_id, e.relid
    FROM pgstream.pgs_dependencies d JOIN descent e ON e.top = d.source_relid JOIN shared USING (relid)) AS r;

  WITH RECURSIVE edges AS MATERIALIZED (
    SELECT * FROM unnest(readers, sources) AS e(pgs_id, source_relid)
  ), up(pgs_id, relid) AS (
    SELECT d.pgs_id, d.source_relid FROM edges d
    UNION
    SELECT u.pgs_id, d.source_relid FROM up u
    JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = u.relid JOIN edges d ON d.pgs_id = s.pgs_id
  ), ancestors AS (
    SELECT u.pgs_id, array_agg(u.relid ORDER BY u.relid) AS relids FROM up u GROUP BY u.pgs_id
  ), steps(pgs_id, depth) AS (
    -- UNION: many ways of one length count once. A circle (which a replaced view can close) ends as well.
    SELECT s.pgs_id, 0 FROM pgstream.pgs_stream_tables s
    UNION
    SELECT d.pgs_id, t.depth + 1 FROM steps t
    JOIN pgstream.pgs_stream_tables s ON s.pgs_id = t.pgs_id JOIN edges d ON d.source_relid = s.pgs_relid
    WHERE t.depth < (SELECT count(*) FROM pgstream.pgs_stream_tables)
  ), depths AS (
    SELECT t.pgs_id, max(t.depth) AS depth FROM steps t GROUP BY t.pgs_id
  )
  SELECT array_agg(ROW (s.pgs_id, t.depth, coalesce(a.relids, '{}'), s.pgs_id, 0, false, NULL, '{}', NULL)::pgstream.graph ORDER BY s.pgs_id),
    array_agg(s.pgs_id ORDER BY s.pgs_id)
  INTO nodes, ids
  FROM pgstream.pgs_stream_tables s JOIN depths t USING (pgs_id) LEFT JOIN ancestors a USING (pgs_id);
  groups := ids;

  SELECT p.ones, p.others INTO ones, others FROM pgstream._meeting_pairs(readers, sources, nodes) AS p;

  LOOP
    EXIT WHEN ones IS NULL;
    LOOP
      WITH members AS MATERIALIZED (
        SELECT * FROM unnest(ids, groups) AS m(pgs_id, group_id)
      ), joined AS (
        SELECT greatest(a.group_id, b.group_id) AS most, min(least(a.group_id, b.group_id)) AS least
        FROM unnest(ones, others) AS p(one, other)
        JOIN members a ON a.pgs_id = p.one JOIN members b ON b.pgs_id = p.other
        WHERE a.group_id <> b.group_id GROUP BY 1
      )
      SELECT array_agg(coalesce(j.least, m.group_id) ORDER BY m.pgs_id) INTO joined
      FROM members m LEFT JOIN joined j ON j.most = m.group_id;
      EXIT WHEN joined = groups;
      groups := joined;
    END LOOP;
    -- Groups on a way that leads out of a group and back. A group's number is that of one of its members.
    WITH RECURSIVE members AS MATERIALIZED (
      SELECT * FROM unnest(ids, groups) AS m(pgs_id, group_id)
    ), edges AS (
      SELECT * FROM pgstream._group_edges(readers, sources, ids, groups)
    ), many AS (
      SELECT m.group_id FROM members m GROUP BY m.group_id HAVING count(*) > 1
    ), above(origin, reached) AS (
      SELECT m.group_id, e.reader FROM many m JOIN edges e ON e.source = m.group_id
      UNION SELECT a.origin, e.reader FROM above a JOIN edges e ON e.source = a.reached
    ), below(origin, reached) AS (
      SELECT m.group_id, e.source FROM many m JOIN edges e ON e.reader = m.group_id
      UNION SELECT b.origin, e.source FROM below b JOIN edges e ON e.reader = b.reached
    )
    SELECT array_agg(a.origin), array_agg(a.reached) INTO ones, others
    FROM above a JOIN below b USING (origin, reached) WHERE a.origin <> a.reached;
  END LOOP;

  RETURN QUERY
    WITH RECURSIVE members AS MATERIALIZED (
      SELECT * FROM unnest(ids, groups) AS m(pgs_id, group_id)
    ), edges AS (
      SELECT * FROM pgstream._group_edges(readers, sources, ids, groups)
    ), steps(group_id, rank) AS (
      SELECT DISTINCT m.group_id, 0 FROM members m
      UNION
      SELECT e.reader, t.rank + 1 FROM steps t JOIN edges e ON e.source = t.group_id
      WHERE t.rank < cardinality(ids)
    ), ranks AS (
      SELECT t.group_id, max(t.rank) AS rank FROM steps t GROUP BY t.group_id
    ), sizes AS (
      SELECT m.group_id, count(*) AS size FROM members m GROUP BY m.group_id
    ), reads AS MATERIALIZED (
      SELECT e.pgs_id, s.pgs_id AS source
      FROM unnest(readers, sources) AS e(pgs_id, source_relid) JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = e.source_relid
      -- One with times by cron has these and no others, whoever reads it.
      WHERE s.schedule IS NULL OR s.schedule_seconds IS NOT NULL
      -- Each group as a node that all its members read, and that reads them: for n members 2 n edges.
      UNION ALL
      SELECT e.pgs_id, e.source
      FROM members m JOIN sizes z USING (group_id)
      CROSS JOIN LATERAL (VALUES (m.pgs_id, -m.group_id), (-m.group_id, m.pgs_id)) AS e(pgs_id, source)
      WHERE z.size > 1
    ), bounds(pgs_id, seconds, cron) AS (
      SELECT s.pgs_id, s.schedule_seconds, CASE WHEN s.schedule_seconds IS NULL THEN s.schedule END
      FROM pgstream.pgs_stream_tables s WHERE s.schedule IS NOT NULL
      UNION
      SELECT r.source, b.seconds, b.cron FROM bounds b JOIN reads r USING (pgs_id)
    ), wanted AS (
      SELECT b.pgs_id, min(b.seconds) AS seconds, array_agg(DISTINCT b.cron) FILTER (WHERE b.cron IS NOT NULL) AS crons
      FROM bounds b GROUP BY b.pgs_id
    ), free AS (
      SELECT m.group_id FROM members m JOIN pgstream.pgs_stream_tables s USING (pgs_id) GROUP BY m.group_id HAVING bool_and(s.schedule IS NULL)
    ), unasked AS (
      SELECT m.group_id FROM members m LEFT JOIN wanted w USING (pgs_id) WHERE w.pgs_id IS NULL
      UNION
      SELECT e.source FROM unasked u JOIN edges e ON e.reader = u.group_id JOIN free f ON f.group_id = e.source
    )
    SELECT g.pgs_id, g.depth, g.ancestors, m.group_id, r.rank, r.rank = 0 AND z.size = 1,
      -- Nobody asks for it, or somebody who reads it is one of those, or what is there is no time: a minute.
      least(CASE WHEN w.seconds BETWEEN 0 AND 315360000 THEN w.seconds WHEN w.seconds IS NOT NULL OR w.crons IS NULL THEN 60 END,
        CASE WHEN m.group_id IN (SELECT u.group_id FROM unasked u) THEN 60 END),
      coalesce(w.crons, '{}'),
      NULL::timestamptz
    FROM unnest(nodes) AS g
    JOIN members m ON m.pgs_id = g.pgs_id
    JOIN ranks r ON r.group_id = m.group_id
    JOIN sizes z ON z.group_id = m.group_id
    LEFT JOIN wanted w ON w.pgs_id = g.pgs_id;
END
$$;

-- The version that was here before may have had other rules.
INSERT INTO pgstream.graph_changes SELECT pg_catalog.clock_timestamp() FROM pgstream.pgs_stream_tables LIMIT 1;
