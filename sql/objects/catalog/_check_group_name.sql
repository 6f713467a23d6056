-- The name of a consistency group, of one database; NULL and nothing at all are none.
CREATE OR REPLACE FUNCTION pgstream._check_group_name(given text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF length(given) > 63 THEN
    RAISE EXCEPTION 'invalid consistency_group: "%"', left(given, 63) || '...'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a name of at most 63 characters; an empty one takes the stream table out of its group.';
  END IF;
  RETURN nullif(btrim(given), '');
END
$$;
