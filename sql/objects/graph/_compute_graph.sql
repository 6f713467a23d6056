-- Computes pgstream.graph from all definitions.
--
-- Stream tables go into one group when their content must be of one moment: those on two ways from a relation to a stream
-- table in which the ways meet again (a diamond) without one that all of them go through, and those that were given the same consistency group. A group is
-- refreshed as a whole, so no way may lead out of it and back into it: what lies on such a way belongs to it as well.
CREATE OR REPLACE FUNCTION pgstream._compute_graph() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- Pairs that belong together.
  ones bigint[];
  others bigint[];
BEGIN
  DELETE FROM pgstream.graph;
  WITH RECURSIVE up(pgs_id, relid) AS (
    SELECT d.pgs_id, d.source_relid FROM pgstream.pgs_dependencies d
    UNION
    SELECT u.pgs_id, d.source_relid FROM up u
    JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = u.relid JOIN pgstream.pgs_dependencies d ON d.pgs_id = s.pgs_id
  ), ancestors AS (
    SELECT u.pgs_id, array_agg(u.relid ORDER BY u.relid) AS relids FROM up u GROUP BY u.pgs_id
  ), steps(pgs_id, depth) AS (
    -- UNION: many ways of one length count once. A circle (which a replaced view can close) ends as well.
    SELECT s.pgs_id, 0 FROM pgstream.pgs_stream_tables s
    UNION
    SELECT d.pgs_id, t.depth + 1 FROM steps t
    JOIN pgstream.pgs_stream_tables s ON s.pgs_id = t.pgs_id JOIN pgstream.pgs_dependencies d ON d.source_relid = s.pgs_relid
    WHERE t.depth < (SELECT count(*) FROM pgstream.pgs_stream_tables)
  )
  INSERT INTO pgstream.graph (pgs_id, depth, ancestors, group_id, crons)
  SELECT s.pgs_id, (SELECT max(t.depth) FROM steps t WHERE t.pgs_id = s.pgs_id), coalesce(a.relids, '{}'), s.pgs_id, '{}'
  FROM pgstream.pgs_stream_tables s LEFT JOIN ancestors a USING (pgs_id);

  SELECT p.ones, p.others INTO ones, others
  FROM (SELECT array_agg(d.pgs_id) AS readers, array_agg(d.source_relid) AS sources FROM pgstream.pgs_dependencies d) AS e,
    pgstream._meeting_pairs(e.readers, e.sources, ARRAY(SELECT g FROM pgstream.graph g)) AS p;

  LOOP
    EXIT WHEN ones IS NULL;
    LOOP
      UPDATE pgstream.graph g SET group_id = joined.least
      FROM (
        SELECT greatest(a.group_id, b.group_id) AS most, min(least(a.group_id, b.group_id)) AS least
        FROM unnest(ones, others) AS p(one, other)
        JOIN pgstream.graph a ON a.pgs_id = p.one JOIN pgstream.graph b ON b.pgs_id = p.other
        WHERE a.group_id <> b.group_id GROUP BY 1) AS joined
      WHERE g.group_id = joined.most;
      EXIT WHEN NOT FOUND;
    END LOOP;
    -- Groups on a way that leads out of a group and back. A group's number is that of one of its members.
    WITH RECURSIVE edges AS (
      SELECT DISTINCT source.group_id AS source, reader.group_id AS reader
      FROM pgstream.pgs_dependencies d
      JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = d.source_relid
      JOIN pgstream.graph source ON source.pgs_id = s.pgs_id JOIN pgstream.graph reader ON reader.pgs_id = d.pgs_id
      WHERE source.group_id <> reader.group_id
    ), many AS (
      SELECT g.group_id FROM pgstream.graph g GROUP BY g.group_id HAVING count(*) > 1
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

  WITH RECURSIVE edges AS (
    SELECT DISTINCT source.group_id AS source, reader.group_id AS reader
    FROM pgstream.pgs_dependencies d
    JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = d.source_relid
    JOIN pgstream.graph source ON source.pgs_id = s.pgs_id JOIN pgstream.graph reader ON reader.pgs_id = d.pgs_id
    WHERE source.group_id <> reader.group_id
  ), steps(group_id, rank) AS (
    SELECT DISTINCT g.group_id, 0 FROM pgstream.graph g
    UNION
    SELECT e.reader, t.rank + 1 FROM steps t JOIN edges e ON e.source = t.group_id
    WHERE t.rank < (SELECT count(*) FROM pgstream.graph)
  ), ranks AS (
    SELECT t.group_id, max(t.rank) AS rank FROM steps t GROUP BY t.group_id
  )
  UPDATE pgstream.graph g
  SET rank = r.rank, is_alone = r.rank = 0 AND (SELECT count(*) FROM pgstream.graph m WHERE m.group_id = g.group_id) = 1
  FROM ranks r WHERE r.group_id = g.group_id;

  WITH readers AS (
    SELECT s.pgs_id, r.schedule_seconds, CASE WHEN r.schedule_seconds IS NULL THEN r.schedule END AS cron
    FROM pgstream.graph g CROSS JOIN unnest(g.ancestors) AS a(relid)
    JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = a.relid AND s.schedule IS NULL
    JOIN pgstream.pgs_stream_tables r ON r.pgs_id = g.pgs_id AND r.schedule IS NOT NULL
  ), wanted AS (
    SELECT r.pgs_id, min(r.schedule_seconds) AS seconds, array_agg(DISTINCT r.cron) FILTER (WHERE r.cron IS NOT NULL) AS crons
    FROM readers r GROUP BY r.pgs_id
  )
  UPDATE pgstream.graph g
  SET crons = CASE WHEN s.schedule IS NULL THEN coalesce(w.crons, '{}') WHEN s.schedule_seconds IS NULL THEN ARRAY[s.schedule] ELSE '{}' END,
    -- Nobody reads it, or what is there is no time: a minute.
    seconds = CASE WHEN b.given BETWEEN 0 AND 315360000 THEN b.given
      WHEN b.given IS NOT NULL OR s.schedule IS NULL AND w.crons IS NULL THEN 60 END
  FROM pgstream.pgs_stream_tables s LEFT JOIN wanted w USING (pgs_id)
  CROSS JOIN LATERAL (SELECT CASE WHEN s.schedule IS NULL THEN w.seconds ELSE s.schedule_seconds END AS given) AS b
  WHERE s.pgs_id = g.pgs_id;
END
$$;
