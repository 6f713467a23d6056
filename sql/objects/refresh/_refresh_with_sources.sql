-- Refreshes a stream table by a person's wish: first the stream tables below it, so that it shows what the ordinary tables
-- show, and together with it the others of its group. What is suspended or broken on the way stays as it is.
CREATE OR REPLACE FUNCTION pgstream._refresh_with_sources(id bigint) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  each record;
  actions text[];
  action text := 'SKIP';
  as_of timestamptz;
BEGIN
  PERFORM pgstream._follow_graph();
  FOR each IN
    WITH RECURSIVE needed(group_id) AS (
      SELECT g.group_id FROM pgstream.graph g WHERE g.pgs_id = id
      UNION
      SELECT below.group_id
      FROM needed n JOIN pgstream.graph m ON m.group_id = n.group_id CROSS JOIN unnest(m.ancestors) AS a(relid)
      JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = a.relid JOIN pgstream.graph below ON below.pgs_id = s.pgs_id
    )
    SELECT array_agg(g.pgs_id ORDER BY g.depth, g.pgs_id) AS members
    FROM pgstream.graph g JOIN needed USING (group_id)
    GROUP BY g.group_id ORDER BY max(g.rank), g.group_id
  LOOP
    IF cardinality(each.members) = 1 THEN
      -- Or somebody has dropped it.
      CONTINUE WHEN NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s
        WHERE s.pgs_id = each.members[1] AND s.status <> 'SUSPENDED' AND s.broken_reason IS NULL);
      as_of := clock_timestamp();
      actions := ARRAY[pgstream._refresh_or_recompute(each.members[1], 'MANUAL')];
    ELSE
      SELECT t.actions, t.as_of INTO actions, as_of FROM pgstream._refresh_together(each.members, 'MANUAL', false) AS t;
    END IF;
    IF actions && '{FULL,DIFFERENTIAL,REINITIALIZE}' THEN
      PERFORM pgstream._date(each.members, as_of, pgstream._time_below(each.members));
    END IF;
    action := coalesce(actions[array_position(each.members, id)], action);
  END LOOP;
  -- Defined by a transaction that is not committed, which holds the graph.
  IF NOT EXISTS (SELECT FROM pgstream.graph g WHERE g.pgs_id = id) THEN
    RETURN pgstream._refresh_or_recompute(id, 'MANUAL');
  END IF;
  RETURN action;
END
$$;
