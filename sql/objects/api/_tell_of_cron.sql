-- Tells whoever gave a stream table a schedule of bounds that cannot hold: its own, over one with times by cron, or those of its
-- readers, when it is such a one.
CREATE OR REPLACE FUNCTION pgstream._tell_of_cron(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  reader record;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  -- Nearly always there is none with times by cron, and the graph need not be computed.
  IF target.schedule IS NULL OR NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.schedule IS NOT NULL AND s.schedule_seconds IS NULL)
    OR NOT EXISTS (SELECT FROM pgstream.pgs_dependencies d WHERE d.source_relid = target.pgs_relid OR d.pgs_id = id AND d.is_stream_table) THEN
    RETURN;
  END IF;
  FOR reader IN
    SELECT s.pgs_name AS name, s.schedule, pgstream._cron_below(s.pgs_id, g.ancestors) AS why
    FROM pgstream._graph_with(pgstream._news_of_graph(false)) g JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    WHERE s.schedule_seconds IS NOT NULL AND (s.pgs_id = id OR target.schedule_seconds IS NULL AND target.pgs_relid = ANY (g.ancestors))
    ORDER BY 1
  LOOP
    CONTINUE WHEN reader.why IS NULL;
    RAISE NOTICE 'stream table "%" will be older than its schedule % says', reader.name, reader.schedule
      USING DETAIL = format('Of what it reads, %s.', reader.why), HINT = 'Give that one a duration, or calculated.';
  END LOOP;
END
$$;
