-- Brings pgstream.graph up to date with the definitions. Asked by every caller of the scheduler, who commits right after; costs
-- one look at an empty table when no definition has changed. Whoever computes is the only one; the others go on with what
-- there is, and a definition that is committed meanwhile has left its own note.
--
-- In other transactions, which may stay open, only by pgstream._news_of_graph.
CREATE OR REPLACE FUNCTION pgstream._follow_graph() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pgstream.graph_changes) THEN
    RETURN;
  END IF;
  LOCK TABLE pgstream._graph_lock IN SHARE ROW EXCLUSIVE MODE NOWAIT;
  DELETE FROM pgstream.graph_changes;
  DELETE FROM pgstream.graph;
  INSERT INTO pgstream.graph SELECT * FROM pgstream._computed_graph();
EXCEPTION WHEN lock_not_available OR serialization_failure THEN
  -- Somebody else is at it; or, under REPEATABLE READ, has done it since our snapshot.
  RETURN;
END
$$;
