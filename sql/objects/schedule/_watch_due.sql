-- Is it time to look for what people should know? Every ten seconds, of more than 300 stream tables less often, by whichever
-- caller comes first.
CREATE OR REPLACE FUNCTION pgstream._watch_due() RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  -- What is dated later than now was by another clock.
  SELECT (SELECT w.watched_at NOT BETWEEN clock_timestamp() - interval '10 seconds' AND clock_timestamp() FROM pgstream._scheduler w)
    AND EXISTS (SELECT FROM pgstream.pgs_stream_tables)
    AND (SELECT w.watched_at NOT BETWEEN clock_timestamp() - (SELECT count(*) FROM pgstream.graph) * interval '0.03 seconds'
      AND clock_timestamp() FROM pgstream._scheduler w)
$$;
