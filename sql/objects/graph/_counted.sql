-- The counter of one source; NULL when somebody is making or dropping it.
CREATE OR REPLACE FUNCTION pgstream._counted(counter regclass) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '20ms'
AS $$
BEGIN
  RETURN pg_sequence_last_value(counter);
EXCEPTION WHEN lock_not_available OR undefined_table OR internal_error THEN
  RETURN NULL;
END
$$;
