-- Of what is due and refreshed one by one, notes at once where nothing was altered (pgstream._note_unaltered). Members of groups,
-- as text: they differ in length.
CREATE OR REPLACE FUNCTION pgstream._note_due(members text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  single CONSTANT bigint[] := ARRAY(SELECT (m::bigint[])[1] FROM unnest(members) AS m WHERE cardinality(m::bigint[]) = 1);
BEGIN
  -- Of few, each asks for itself.
  IF cardinality(single) >= 3 THEN
    PERFORM pgstream._note_unaltered(single);
  END IF;
END
$$;
