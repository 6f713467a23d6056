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
AS $$
DECLARE
  news pgstream.graph[];
BEGIN
  IF EXISTS (SELECT FROM pgstream.graph_changes) THEN
    -- But not what the graph takes.
    PERFORM set_config('plan_cache_mode', 'auto', true);
    news := pgstream._news_of_graph(false);
    RETURN NOT EXISTS (
      SELECT FROM unnest(news) AS g JOIN unnest(news) AS o USING (group_id) JOIN pgstream.pgs_stream_tables s ON s.pgs_id = o.pgs_id
      JOIN pgstream.frontiers f ON f.pgs_id = o.pgs_id
      WHERE g.pgs_id = ANY (members) AND o.pgs_id <> ALL (members)
        AND s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL);
  END IF;
  RETURN NOT EXISTS (
    SELECT FROM pgstream.graph g JOIN pgstream.graph o USING (group_id) JOIN pgstream.pgs_stream_tables s ON s.pgs_id = o.pgs_id
    JOIN pgstream.frontiers f ON f.pgs_id = o.pgs_id
    WHERE g.pgs_id = ANY (members) AND o.pgs_id <> ALL (members)
      AND s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL);
END
$$;
