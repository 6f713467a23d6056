-- Are these, which were found due together, still all that must be of one moment with each of them? Whoever found them may have
-- gone by a graph from before a definition that is committed by now. Asked with their frontiers locked: who defines or alters
-- one that belongs to them writes these in the same transaction, so nothing that comes later can have been missed.
--
-- Where somebody holds up the writing of the graph, it is computed.
CREATE OR REPLACE FUNCTION pgstream._is_whole(members bigint[]) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- To plan it costs more than to do it.
SET plan_cache_mode = force_generic_plan
-- A plan made while there were few is kept.
SET enable_seqscan = off
AS $$
DECLARE
  news pgstream.graph[];
BEGIN
  IF EXISTS (SELECT FROM pgstream.graph_changes) THEN
    -- But not what the graph takes.
    PERFORM set_config('plan_cache_mode', 'auto', true), set_config('enable_seqscan', 'on', true);
    news := pgstream._news_of_graph(false);
    RETURN NOT EXISTS (
      SELECT FROM unnest(news) AS g JOIN unnest(news) AS o USING (group_id) JOIN pgstream.pgs_stream_tables s ON s.pgs_id = o.pgs_id
      JOIN pgstream.frontiers f ON f.pgs_id = o.pgs_id
      WHERE g.pgs_id = ANY (members) AND o.pgs_id <> ALL (members)
        AND s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL);
  END IF;
  -- From the members, by keys: from the other end it would be all stream tables, for each of them.
  RETURN NOT EXISTS (
    SELECT FROM unnest(members) AS m
    CROSS JOIN LATERAL (SELECT g.group_id FROM pgstream.graph g WHERE g.pgs_id = m OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT o.pgs_id FROM pgstream.graph o WHERE o.group_id = g.group_id AND o.pgs_id <> ALL (members) OFFSET 0) AS o
    WHERE EXISTS (
      SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = o.pgs_id
        AND s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL
        AND EXISTS (SELECT FROM pgstream.frontiers f WHERE f.pgs_id = s.pgs_id OFFSET 0) OFFSET 0));
END
$$;
