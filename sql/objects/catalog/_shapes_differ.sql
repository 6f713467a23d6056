-- Has a composite type other attributes in one plan than in the other (pgstream._row_shapes)?
CREATE OR REPLACE FUNCTION pgstream._shapes_differ(before jsonb, after jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM jsonb_each(before -> 'shapes') AS b JOIN jsonb_each(after -> 'shapes') AS a USING (key) WHERE a.value <> b.value)
$$;
