-- Did a user's function say RAISE, or did the server itself? From the context of an error: the innermost line, whose words
-- are translated but for the statement's name.
CREATE OR REPLACE FUNCTION pgstream._is_raised(context text) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(line LIKE '%RAISE%' AND line !~ E'\\mpgstream(_state|_changes)?\\.', false) FROM split_part(context, E'\n', 1) AS line
$$;
