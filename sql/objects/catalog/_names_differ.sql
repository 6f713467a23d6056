-- Has anything another name in `after` than in `before` (pgstream._request_names)? Who is gone has none.
CREATE OR REPLACE FUNCTION pgstream._names_differ(before jsonb, after jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM jsonb_each(before) AS b JOIN jsonb_each(after) AS a USING (key) WHERE b.value <> a.value)
$$;
