-- Does a text mean the same to other sessions? Two settings change what PostgreSQL understands, and are not what a definition is
-- exported with; what is kept of the query as printed (pgstream._view_definition) depends on neither.
CREATE OR REPLACE FUNCTION pgstream._reads_alike(query text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (current_setting('standard_conforming_strings') = 'on' OR strpos(query, E'\\') = 0)
    AND (current_setting('transform_null_equals') = 'off' OR query !~* 'null')
$$;
