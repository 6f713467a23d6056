-- How stale each stream table may be, in seconds. One that is calculated and that nobody with a number reads has a minute,
-- which asks nothing but of what is calculated, too: over one with an hour it is as stale as that one may be.
CREATE OR REPLACE VIEW pgstream._patience AS
SELECT g.pgs_id, CASE WHEN s.schedule IS NULL AND g.seconds OPERATOR(pg_catalog.=) 60 THEN greatest(g.seconds, (
  SELECT pg_catalog.max(b.seconds) FROM pgstream.pgs_stream_tables AS t JOIN pgstream.graph AS b USING (pgs_id)
  WHERE t.pgs_relid OPERATOR(pg_catalog.=) ANY (g.ancestors))) ELSE g.seconds END AS seconds
FROM pgstream.graph AS g JOIN pgstream.pgs_stream_tables AS s USING (pgs_id);
GRANT SELECT ON pgstream._patience TO PUBLIC;
