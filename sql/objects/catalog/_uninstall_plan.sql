-- Removes what a plan had made, except the stream table, its rows and its index: the other half of pgstream._install_plan.
CREATE OR REPLACE FUNCTION pgstream._uninstall_plan(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  generated record;
BEGIN
  FOR generated IN
    SELECT format('FUNCTION %s', p.oid::regprocedure) AS name FROM pg_proc p
    WHERE p.pronamespace = 'pgstream_state'::regnamespace AND p.proname ~ format('^refresh_%s_', id)
    UNION ALL
    SELECT format('TABLE pgstream_state.%I', c.relname) FROM pg_class c
    WHERE c.relnamespace = 'pgstream_state'::regnamespace AND c.relkind = 'r' AND c.relname ~ format('^state_%s_', id)
  LOOP
    EXECUTE 'DROP ' || generated.name;
  END LOOP;
END
$$;
