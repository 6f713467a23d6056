-- What pgstream.graph would show, for a transaction that is not the scheduler's: NULL when that is what it shows.
--
-- It is not written down: until such a transaction ends nobody else could, its own definition would be in it, and others'
-- would be scheduled by nobody. Only where no scheduler runs, for whom it would be, is it written by a statement that is a
-- transaction by itself, and `may_write`.
CREATE OR REPLACE FUNCTION pgstream._news_of_graph(may_write boolean DEFAULT true) RETURNS pgstream.graph[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pgstream.graph_changes) THEN
    RETURN NULL;
  END IF;
  IF may_write AND statement_timestamp() = transaction_timestamp()
    AND (SELECT w.looked_at < clock_timestamp() - interval '10 seconds' FROM pgstream._scheduler w) THEN
    PERFORM pgstream._follow_graph();
    IF NOT EXISTS (SELECT FROM pgstream.graph_changes) THEN
      -- Whoever asks in the midst of a statement does not see what was written in it.
      RETURN ARRAY(SELECT g FROM pgstream.graph AS g);
    END IF;
  END IF;
  RETURN ARRAY(SELECT g FROM pgstream._computed_graph() AS g);
END
$$;
