-- The graph as a transaction has to see it: `news` (pgstream._news_of_graph), or what is written when there are none.
CREATE OR REPLACE FUNCTION pgstream._graph_with(news pgstream.graph[]) RETURNS SETOF pgstream.graph
LANGUAGE sql STABLE
AS $$
  SELECT g.* FROM pgstream.graph AS g WHERE news IS NULL
  UNION ALL
  SELECT n.* FROM pg_catalog.unnest(news) AS n
$$;
