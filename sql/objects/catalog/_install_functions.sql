-- Makes the functions of a stream table's plan, or makes them anew. What the refresh statements call returns rows whose
-- columns may have other names and types now: REPLACE refuses that, so these go first. Nobody else calls them.
CREATE OR REPLACE FUNCTION pgstream._install_functions(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  prefix CONSTANT name := 'refresh_' || id || '_';
  statement text;
BEGIN
  FOR statement IN
    SELECT format('DROP FUNCTION %s', p.oid::regprocedure) FROM pg_proc p
    WHERE p.pronamespace = 'pgstream_state'::regnamespace AND p.proretset AND p.proname >= prefix AND p.proname < pgstream._name_after(prefix)
  LOOP
    EXECUTE statement;
  END LOOP;
  FOR statement IN
    SELECT jsonb_array_elements_text(s.plan #> '{install,functions}') FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id
  LOOP
    EXECUTE statement;
  END LOOP;
END
$$;
