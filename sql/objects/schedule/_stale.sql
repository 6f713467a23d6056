-- Which stream tables are much staler than they should be: twice their bound, or a minute after their time by cron, and
-- ten seconds in any case. It is over when they are within it again. One that its owner suspended is none.
-- requires: graph/_patience
CREATE OR REPLACE FUNCTION pgstream._stale()
RETURNS TABLE (id bigint, relid oid, status text, schedule text, staleness double precision, is_over boolean)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.pgs_id, s.pgs_relid, s.status, coalesce(s.schedule, 'calculated'), extract(epoch FROM clock_timestamp() - d.since),
    NOT (coalesce(extract(epoch FROM clock_timestamp() - d.since) > 10
      AND extract(epoch FROM clock_timestamp() - d.since) > CASE WHEN g.seconds IS NOT NULL THEN 2 * (SELECT p.seconds FROM pgstream._patience p WHERE p.pgs_id = s.pgs_id)
        ELSE extract(epoch FROM pgstream._fires_at(g.crons, d.since) - d.since) + 60 END, false)
      AND (s.status <> 'SUSPENDED' OR s.last_error IS NOT NULL))
  FROM pgstream.pgs_stream_tables s
  JOIN pgstream._freshness() f USING (pgs_id)
  JOIN pgstream.graph g USING (pgs_id)
  CROSS JOIN LATERAL (SELECT coalesce(f.data_timestamp, s.created_at) AS since) AS d
  WHERE s.pgs_relid IS NOT NULL
$$;
