-- Of what is due and refreshed one by one, notes at once where nothing was altered (pgstream._note_unaltered). Members and
-- versions of groups, as text: they differ in length. Gives back the versions of now.
CREATE OR REPLACE FUNCTION pgstream._note_due(members text[], versions text[]) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  single CONSTANT bigint[] := ARRAY(SELECT (m::bigint[])[1] FROM unnest(members) AS m WHERE cardinality(m::bigint[]) = 1);
BEGIN
  -- Of few, each asks for itself.
  IF cardinality(single) < 3 THEN
    RETURN versions;
  END IF;
  RETURN ARRAY(
    SELECT CASE WHEN n.version IS NULL THEN u.version ELSE ARRAY[n.version]::text END
    FROM unnest(members, versions) WITH ORDINALITY AS u(members, version, place)
    LEFT JOIN pgstream._note_unaltered(single) AS n ON u.members = ARRAY[n.pgs_id]::text
    ORDER BY u.place);
END
$$;
