-- Does a text mean in every session what it means in this one? Two settings change how SQL is read.
CREATE OR REPLACE FUNCTION pgstream._means_the_same(query text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT NOT (current_setting('standard_conforming_strings') = 'off' AND strpos(query, E'\\') > 0
    OR current_setting('transform_null_equals') = 'on' AND query ~* 'null')
$$;
