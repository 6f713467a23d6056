-- Pairs of stream tables that belong together: those next to each other on ways from a relation that meet again without
-- a stream table that all of them go through, and those that were given the same consistency group, with what these read.
-- `readers` and `sources`: who reads what; `nodes`: all stream tables, with their depths.
--
-- Walks up from each relation that several read, sources before readers. `top` of a stream table is where its ways part: the
-- first one that they all go through, itself when there is none. That is what its sources have in common (a dominator tree, of
-- which only the first level is needed), so a relation costs one look at each step above it, not one for each way, of
-- which there are 15 to the tenth in ten layers of 15. Relations with the same readers are walked from once.
CREATE OR REPLACE FUNCTION pgstream._meeting_pairs(
  readers bigint[], sources oid[], nodes pgstream.graph[], OUT ones bigint[], OUT others bigint[]
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- Stream tables by their place, sources first, then declared groups.
  ids bigint[];
  -- Steps in ascending order of the reader's place: from the place of a stream table (0: another relation) to a place, and the
  -- number of the relation if ways part there (or 0).
  froms integer[];
  tos integer[];
  parts integer[];
  is_used boolean[];
  -- Steps between stream tables of which nothing is known yet.
  open integer;
  -- Per place: the last that reads it. Per relation: its first step, its last reader.
  last_readers integer[];
  first_steps integer[];
  farthest integer[];
  tops integer[];
  is_inside boolean[];
  far integer;
  stop integer;
  last_step integer;
  source integer;
  reader integer;
BEGIN
  WITH tables AS MATERIALIZED (
    SELECT g.pgs_id, s.pgs_relid AS relid, g.ancestors, g.depth, s.consistency_group
    FROM unnest(nodes) AS g JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  ), declared AS (
    -- Who reads the members of a declared group side by side is as a stream table over them: it has the number of the first,
    -- negated.
    SELECT -min(t.pgs_id) OVER (PARTITION BY t.consistency_group) AS pgs_id, t.relid
    FROM tables t WHERE t.consistency_group IS NOT NULL AND t.relid IS NOT NULL
  ), places AS MATERIALIZED (
    SELECT p.*, row_number() OVER (ORDER BY p.pgs_id < 0, p.depth, p.pgs_id)::integer AS place
    FROM (
      SELECT t.pgs_id, t.relid, t.ancestors, t.depth FROM tables t
      UNION ALL
      SELECT d.pgs_id, NULL, array_agg(DISTINCT a), 0
      FROM declared d JOIN tables t USING (relid) CROSS JOIN unnest(t.ancestors || t.relid) AS a GROUP BY d.pgs_id) AS p
  ), steps AS MATERIALIZED (
    SELECT r.place AS reader, e.source_relid AS relid, coalesce(s.place, 0) AS source
    FROM (
      SELECT * FROM unnest(readers, sources) AS e(pgs_id, source_relid)
      UNION ALL SELECT d.pgs_id, d.relid FROM declared d) AS e
    JOIN places r USING (pgs_id) LEFT JOIN places s ON s.relid = e.source_relid
    WHERE coalesce(s.place, 0) < r.place
  ), meets AS (
    -- Where ways can meet, and what lies below.
    SELECT DISTINCT a AS relid
    FROM (SELECT s.reader FROM steps s GROUP BY s.reader HAVING count(*) > 1 AND max(s.source) > 0) AS t
    JOIN places p ON p.place = t.reader CROSS JOIN unnest(p.ancestors) AS a
  ), parting AS (
    SELECT u.relids, row_number() OVER (ORDER BY u.readers) AS number
    FROM (
      SELECT array_agg(r.relid) AS relids, r.readers
      FROM (
        SELECT s.relid, array_agg(s.reader ORDER BY s.reader) AS readers
        FROM steps s JOIN meets USING (relid) GROUP BY s.relid HAVING count(*) > 1) AS r
      GROUP BY r.readers) AS u
  ), numbered AS (
    SELECT s.reader, s.source, coalesce(p.number, 0)::integer AS part, row_number() OVER (ORDER BY s.reader, s.source)::integer AS i
    FROM steps s LEFT JOIN (SELECT unnest(q.relids) AS relid, q.number FROM parting q) AS p USING (relid)
  )
  SELECT (SELECT array_agg(p.pgs_id ORDER BY p.place) FROM places p),
    array_agg(n.source ORDER BY n.i), array_agg(n.reader ORDER BY n.i), array_agg(n.part ORDER BY n.i),
    count(*) FILTER (WHERE n.source > 0),
    (SELECT array_agg(coalesce(x.reader, 0) ORDER BY p.place)
      FROM places p LEFT JOIN (SELECT s.source, max(s.reader) AS reader FROM steps s GROUP BY s.source) AS x ON x.source = p.place),
    (SELECT array_agg(f.i ORDER BY f.part) FROM (SELECT m.part, min(m.i) AS i FROM numbered m WHERE m.part > 0 GROUP BY m.part) AS f),
    (SELECT array_agg(f.reader ORDER BY f.part) FROM (SELECT m.part, max(m.reader) AS reader FROM numbered m WHERE m.part > 0 GROUP BY m.part) AS f)
  INTO ids, froms, tos, parts, open, last_readers, first_steps, farthest FROM numbered n;

  is_used := array_fill(false, ARRAY[coalesce(cardinality(tos), 0)]);
  -- Declared groups are of one moment whatever their members read, so all relations that are no stream tables are as one to
  -- them: where ways from these have nothing in common, all that they go through belongs to the group.
  tops := array_fill(0, ARRAY[coalesce(cardinality(ids), 0)]);
  FOR step IN 1..coalesce(cardinality(tos), 0) LOOP
    source := CASE WHEN froms[step] = 0 THEN tos[step] ELSE tops[froms[step]] END;
    tops[tos[step]] := CASE WHEN tops[tos[step]] IN (0, source) THEN source WHEN source = 0 THEN tops[tos[step]] ELSE tos[step] END;
  END LOOP;
  is_inside := array_fill(false, ARRAY[coalesce(cardinality(ids), 0)]);
  FOR step IN REVERSE coalesce(cardinality(tos), 0)..1 LOOP
    CONTINUE WHEN froms[step] = 0;
    IF is_inside[tos[step]] OR ids[tos[step]] < 0 AND tops[tos[step]] = tos[step] THEN
      is_inside[froms[step]] := true;
      is_used[step] := true;
      open := open - 1;
    END IF;
  END LOOP;

  FOR part IN 1..coalesce(cardinality(first_steps), 0) LOOP
    EXIT WHEN open = 0;
    tops := array_fill(0, ARRAY[cardinality(ids)]);
    is_inside := array_fill(false, ARRAY[cardinality(ids)]);
    far := farthest[part];
    stop := cardinality(ids);
    FOR step IN first_steps[part]..cardinality(tos) LOOP
      reader := tos[step];
      -- No way leads farther, or all that do go through the last one.
      EXIT WHEN reader > far OR reader > stop;
      source := froms[step];
      IF parts[step] <> part THEN
        CONTINUE WHEN source = 0 OR tops[source] = 0;
      END IF;
      last_step := step;
      IF tops[reader] = 0 THEN
        IF reader = far THEN
          stop := reader;
        ELSE
          far := greatest(far, last_readers[reader]);
        END IF;
        tops[reader] := CASE WHEN parts[step] = part THEN reader ELSE tops[source] END;
      ELSIF parts[step] = part OR tops[source] <> tops[reader] THEN
        tops[reader] := reader;
      END IF;
    END LOOP;
    -- Down again: from where ways meet, over all of them.
    FOR step IN REVERSE last_step..first_steps[part] LOOP
      source := froms[step];
      CONTINUE WHEN source = 0 OR parts[step] = part OR tops[source] = 0;
      reader := tos[step];
      IF is_inside[reader] OR tops[reader] = reader THEN
        is_inside[source] := true;
        IF NOT is_used[step] THEN
          is_used[step] := true;
          open := open - 1;
        END IF;
      END IF;
    END LOOP;
  END LOOP;

  SELECT array_agg(p.one), array_agg(p.other) INTO ones, others
  FROM (
    SELECT abs(ids[u.reader]) AS one, ids[u.source] AS other FROM unnest(tos, froms, is_used) AS u(reader, source, is_used) WHERE u.is_used
    UNION
    SELECT s.pgs_id, min(s.pgs_id) OVER (PARTITION BY s.consistency_group)
    FROM pgstream.pgs_stream_tables s WHERE s.consistency_group IS NOT NULL) AS p;
END
$$;
