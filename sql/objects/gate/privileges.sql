-- What has our rights is not for everybody to call. Left open is what checks by itself who calls: by the owner of the
-- hidden view, whom nobody can pretend to be; by being called from an event trigger. Older installations get their gates.
DO $$
DECLARE
  open_to_all CONSTANT text[] := '{_create_stream_table,_redefine,_validate_query,_explain_state,_follow_ddl,_follow_drop,_follow_owner,_freshness,_pending_changes}';
  privileged regprocedure;
BEGIN
  FOR privileged IN
    SELECT p.oid FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'pgstream'::pg_catalog.regnamespace AND p.prosecdef AND p.proname <> ALL (open_to_all)
  LOOP
    EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', privileged);
  END LOOP;
  PERFORM pgstream._own_generated_objects(s.pgs_id) FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid IS NOT NULL;
END
$$;
