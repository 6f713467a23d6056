-- The privileged half of create_stream_table. `view` is the analysed query; its owner will own the stream table.
CREATE OR REPLACE FUNCTION pgstream._create_stream_table(
  view oid, schema_name text, table_name text, query text, path text, given_schedule text, mode text, initialize boolean,
  consistency_group text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = on
SET pg_stream.internal = 'on'
AS $$
DECLARE
  owner name := pgstream._own_view(view);
  id bigint;
  request jsonb;
  chosen record := pgstream._check_schedule(given_schedule);
BEGIN
  -- Seen from here current_user is ours: the rights are the owner's.
  IF NOT has_schema_privilege(owner, schema_name, 'CREATE') THEN
    RAISE EXCEPTION 'permission denied for schema %', schema_name
      USING ERRCODE = 'insufficient_privilege', HINT = format('GRANT CREATE ON SCHEMA %I TO %I.', schema_name, owner);
  END IF;
  mode := pgstream._check_mode(mode);
  consistency_group := pgstream._check_group_name(consistency_group);
  PERFORM pgstream._check_group_owner(NULL, consistency_group, owner);
  PERFORM pgstream._forget_gone(s.pgs_id) FROM pgstream.pgs_stream_tables s WHERE s.pgs_schema = schema_name AND s.pgs_name = table_name;
  INSERT INTO pgstream.pgs_stream_tables (pgs_schema, pgs_name, defining_query, defining_search_path, tree, columns, definition,
    schedule, schedule_seconds, refresh_mode, consistency_group, defining_query_holds, cdc_mode)
  VALUES (schema_name, table_name, query, path, '', '[]', '', chosen.schedule, chosen.seconds, mode, consistency_group,
    pgstream._reads_alike(query), coalesce(pgstream._check_cdc_mode(nullif(btrim(current_setting('pg_stream.cdc_mode', true)), '')), 'auto'))
  -- Waits for another transaction that is creating the same.
  ON CONFLICT (pgs_schema, pgs_name) DO NOTHING
  RETURNING pgs_id INTO id;
  IF id IS NULL THEN
    PERFORM pgstream._refuse_taken_name(table_name);
  END IF;
  request := pgstream._compile_request(view, id, schema_name, table_name, mode);
  PERFORM pgstream._define(id, owner, request);
  INSERT INTO pgstream.frontiers (pgs_id) VALUES (id);
  INSERT INTO pgstream._catalog_looks (pgs_id) VALUES (id);
  PERFORM pgstream._install_plan(id, owner);
  PERFORM pgstream._check_group_members(id);
  PERFORM pgstream._tell_notices(id);
  PERFORM pgstream._tell_of_cron(id);
  -- A snapshot taken before the triggers were there would miss changes: then the first fill is left to the scheduler.
  IF initialize AND current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN
    PERFORM pgstream._fill(id);
  ELSIF initialize THEN
    RAISE NOTICE 'stream table "%" is empty until the scheduler fills it', table_name
      USING DETAIL = format('In a %s transaction the snapshot is older than the capture of changes.', current_setting('transaction_isolation')),
        HINT = 'Create it in a READ COMMITTED transaction to have it filled at once; see also default_transaction_isolation.';
  END IF;
END
$$;
