-- How stale a stream table may be by its graph's `seconds`. One that is calculated and that nobody with a number reads has a
-- minute, which asks nothing of what it reads: over one with an hour it is as stale as that one may be.
CREATE OR REPLACE FUNCTION pgstream._patience(schedule text, seconds double precision, ancestors oid[]) RETURNS double precision
LANGUAGE sql STABLE
AS $$
  SELECT CASE WHEN schedule IS NULL AND seconds IS NOT NULL THEN greatest(seconds, (
    SELECT pg_catalog.max(g.seconds) FROM pgstream.pgs_stream_tables AS s JOIN pgstream.graph AS g USING (pgs_id)
    WHERE s.pgs_relid OPERATOR(pg_catalog.=) ANY (_patience.ancestors))) ELSE seconds END
$$;
