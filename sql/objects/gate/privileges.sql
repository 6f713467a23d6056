-- What has our rights is not for everybody to call. Left open is what checks by itself who calls: by the owner of the
-- hidden view, whom nobody can pretend to be; by being called from an event trigger. The gates make themselves.
DO $$
DECLARE
  open_to_all CONSTANT text[] := '{_create_stream_table,_redefine,_validate_query,_explain_state,_follow_ddl,_follow_drop,_follow_owner}';
  privileged regprocedure;
  made record;
BEGIN
  FOR privileged IN
    SELECT p.oid FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'pgstream'::pg_catalog.regnamespace AND p.prosecdef AND p.proname <> ALL (open_to_all)
  LOOP
    EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', privileged);
  END LOOP;
  FOR made IN SELECT s.pgs_id, c.relowner FROM pgstream.pgs_stream_tables s JOIN pg_catalog.pg_class c ON c.oid = s.pgs_relid LOOP
    PERFORM pgstream._install_gate(made.pgs_id, made.relowner);
    PERFORM pgstream._own_generated_objects(made.pgs_id);
  END LOOP;
END
$$;
