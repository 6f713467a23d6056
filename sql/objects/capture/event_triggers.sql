-- DDL is watched where that is possible: event triggers need a superuser (or what a managed server puts in its place)
-- and do not fire in single-user mode, which is found out by trying (in PGlite they do). Where they are missing,
-- capture functions are generated with a guard and every refresh compares fingerprints.
DO $$
BEGIN
  PERFORM pg_catalog.set_config('client_min_messages', 'warning', true);
  DROP EVENT TRIGGER IF EXISTS pg_stream_ddl;
  DROP EVENT TRIGGER IF EXISTS pg_stream_drop;
  DROP EVENT TRIGGER IF EXISTS pg_stream_rewrite;
  CREATE EVENT TRIGGER pg_stream_ddl ON ddl_command_end
    -- CREATE SCHEMA may hold other CREATE commands; a foreign table may be a child or partition.
    WHEN TAG IN ('ALTER TABLE', 'CREATE TABLE', 'CREATE SCHEMA', 'ALTER SCHEMA', 'CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE',
      'IMPORT FOREIGN SCHEMA', 'CREATE TRIGGER', 'ALTER TRIGGER', 'CREATE RULE', 'ALTER RULE', 'CREATE VIEW', 'ALTER VIEW', 'ALTER MATERIALIZED VIEW',
      'ALTER TYPE', 'ALTER DOMAIN', 'CREATE FUNCTION', 'ALTER FUNCTION', 'ALTER ROUTINE', 'CREATE AGGREGATE', 'ALTER AGGREGATE',
      'CREATE OPERATOR', 'ALTER OPERATOR', 'CREATE CAST', 'ALTER COLLATION', 'ALTER TEXT SEARCH CONFIGURATION',
      'ALTER TEXT SEARCH DICTIONARY', 'ALTER TEXT SEARCH PARSER', 'ALTER TEXT SEARCH TEMPLATE', 'ALTER EXTENSION', 'CREATE INDEX', 'CREATE SUBSCRIPTION', 'ALTER SUBSCRIPTION')
    EXECUTE FUNCTION pgstream._on_ddl();
  CREATE EVENT TRIGGER pg_stream_drop ON sql_drop EXECUTE FUNCTION pgstream._on_drop();
  CREATE EVENT TRIGGER pg_stream_rewrite ON table_rewrite EXECUTE FUNCTION pgstream._on_rewrite();
  -- For session_replication_role = replica too.
  ALTER EVENT TRIGGER pg_stream_ddl ENABLE ALWAYS;
  ALTER EVENT TRIGGER pg_stream_drop ENABLE ALWAYS;
  ALTER EVENT TRIGGER pg_stream_rewrite ENABLE ALWAYS;

  PERFORM pg_catalog.set_config('pg_stream.internal', 'probe', true);
  ALTER TABLE pgstream.pgs_dependencies ALTER COLUMN pgs_id SET STATISTICS -1;
  IF pg_catalog.current_setting('pg_stream.internal') <> 'seen' THEN
    DROP EVENT TRIGGER pg_stream_ddl;
    DROP EVENT TRIGGER pg_stream_drop;
    DROP EVENT TRIGGER pg_stream_rewrite;
  END IF;
  PERFORM pg_catalog.set_config('pg_stream.internal', '', true);
EXCEPTION WHEN insufficient_privilege OR feature_not_supported THEN
  NULL;
END
$$;
