-- Which of the stream tables below one has times by cron, in words; NULL when none has. No bound above it can hold between them.
CREATE OR REPLACE FUNCTION pgstream._cron_below(id bigint, ancestors oid[]) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(format('%I.%I is refreshed only at %s', s.pgs_schema, s.pgs_name, s.schedule), ', ' ORDER BY s.pgs_schema, s.pgs_name)
  FROM pgstream.pgs_stream_tables s
  WHERE s.pgs_relid = ANY (ancestors) AND s.schedule IS NOT NULL AND s.schedule_seconds IS NULL
$$;
