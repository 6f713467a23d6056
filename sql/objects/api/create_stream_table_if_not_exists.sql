-- create_stream_table, unless there is a stream table of that name already, whatever its definition: true when it was
-- created. Another kind of relation of that name is an error.
CREATE OR REPLACE FUNCTION pgstream.create_stream_table_if_not_exists(
  name text, query text, schedule text DEFAULT 'calculated', refresh_mode text DEFAULT 'AUTO', initialize boolean DEFAULT true,
  consistency_group text DEFAULT NULL
) RETURNS boolean
LANGUAGE plpgsql
SET exit_on_error = off
AS $$
BEGIN
  IF pgstream._id_of_name(name) IS NULL THEN
    PERFORM pgstream.create_stream_table(name, query, schedule, refresh_mode, initialize, consistency_group);
    RETURN true;
  END IF;
  RETURN false;
EXCEPTION WHEN duplicate_table THEN
  -- Somebody else may have created it meanwhile.
  IF pgstream._id_of_name(name) IS NULL THEN
    RAISE;
  END IF;
  RETURN false;
END
$$;
