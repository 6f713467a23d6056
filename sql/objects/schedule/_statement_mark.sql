-- A number for the statement that a session began then: statement_timestamp() says it to the session itself, and
-- pg_stat_activity.query_start to others.
CREATE OR REPLACE FUNCTION pgstream._statement_mark(began timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ((extract(epoch FROM began) * 1000000)::bigint % 2147483647)::integer
$$;
