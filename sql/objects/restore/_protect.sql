-- Who may use what in our schemas, as installed; pg_restore --no-privileges leaves it out. What has our rights is not for
-- everybody to call. Left open is what checks by itself who calls: by the owner of the hidden view, whom nobody can pretend
-- to be; by being called from an event trigger.
CREATE OR REPLACE FUNCTION pgstream._protect() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
DECLARE
  open_to_all CONSTANT text[] := '{_create_stream_table,_redefine,_validate_query,_explain_state,_follow_ddl,_follow_drop,_follow_owner,_freshness,_pending_changes,_expected_delta}';
  ours record;
BEGIN
  GRANT USAGE ON SCHEMA pgstream, pgstream_changes, pgstream_state TO PUBLIC;
  FOR ours IN
    SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'pgstream' AND c.relkind IN ('r', 'v')
      AND (c.relname !~ '^_' OR c.relname IN ('_home', '_visible_errors', '_buffer_bytes', '_dag_nodes', '_foreign_locks', '_relation_names', '_scheduler_seen')) AND NOT has_table_privilege('public', c.oid, 'SELECT')
  LOOP
    EXECUTE format('GRANT SELECT ON %s TO PUBLIC', ours.name);
  END LOOP;
  FOR ours IN
    SELECT p.oid::regprocedure AS name FROM pg_proc p
    WHERE p.pronamespace = 'pgstream'::regnamespace AND p.prosecdef AND p.proname <> ALL (open_to_all)
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', ours.name);
  END LOOP;
END
$$;
