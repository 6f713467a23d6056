-- The owner of the hidden view that this session has just made: the caller, whom nobody can pretend to be.
CREATE OR REPLACE FUNCTION pgstream._own_view(view oid) RETURNS name
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  owner name;
BEGIN
  SELECT pg_get_userbyid(relowner) INTO owner FROM pg_class
  WHERE oid = view AND relkind = 'v' AND relnamespace = pg_my_temp_schema() AND relname = 'pg_stream definition';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'not the definition of a stream table' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN owner;
END
$$;
