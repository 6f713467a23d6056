-- Gives a stream table another definition (a compile request), and fills it anew.
CREATE OR REPLACE FUNCTION pgstream._replace_definition(id bigint, request jsonb, mode text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  owner name;
  old_sources oid[] := ARRAY(SELECT source_relid FROM pgstream.pgs_dependencies WHERE pgs_id = id ORDER BY 1);
  same_columns boolean;
  grants text[];
  statement text;
  label text;
BEGIN
  PERFORM FROM pgstream.frontiers WHERE pgs_id = id FOR UPDATE;
  SELECT * INTO target FROM pgstream.pgs_stream_tables WHERE pgs_id = id FOR UPDATE;
  owner := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = target.pgs_relid);
  label := format('%I.%I', target.pgs_schema, target.pgs_name);
  -- DROP TYPE … CASCADE may have taken one.
  same_columns := request -> 'columns' = target.columns AND pgstream._columns_are_whole(target.pgs_relid, target.columns);
  PERFORM pgstream._check_acyclic(target.pgs_relid, request);
  UPDATE pgstream.pgs_stream_tables SET refresh_mode = mode WHERE pgs_id = id;
  PERFORM pgstream._uninstall_plan(id);
  PERFORM pgstream._define(id, owner, request);
  grants := ARRAY(
    SELECT format('GRANT %s ON %s TO %s%s', a.privilege_type, label,
      CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
      CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_class c, aclexplode(c.relacl) AS a WHERE c.oid = target.pgs_relid AND NOT same_columns);
  IF NOT same_columns THEN
    IF EXISTS (SELECT FROM pgstream.pgs_dependencies WHERE source_relid = target.pgs_relid) THEN
      RAISE EXCEPTION 'cannot change the columns of stream table "%"', target.pgs_name
        USING ERRCODE = 'dependent_objects_still_exist', DETAIL = 'Other stream tables read it.',
          HINT = 'Keep names and types of its columns, or drop the stream tables that read it.';
    END IF;
    UPDATE pgstream.pgs_stream_tables SET pgs_relid = NULL, is_populated = false, status = 'INITIALIZING' WHERE pgs_id = id;
    EXECUTE format('DROP TABLE %s', label);
  END IF;
  PERFORM pgstream._install_plan(id, owner);
  FOREACH statement IN ARRAY grants LOOP
    EXECUTE statement;
  END LOOP;
  PERFORM pgstream._release_sources(ARRAY(
    SELECT s FROM unnest(old_sources) AS s WHERE NOT EXISTS (
      SELECT FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.source_relid = s AND d.is_captured)));

  -- Old rows need not have the new key: they go and the new ones come in one transaction, readers see the old until then.
  UPDATE pgstream.pgs_stream_tables SET status = 'INITIALIZING', is_populated = false, needs_reinit = false,
    reinit_reason = NULL, consecutive_errors = 0, last_error = NULL
  WHERE pgs_id = id;
  IF target.is_populated AND current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN
    PERFORM pgstream._fill(id, 'MANUAL', 'the definition was altered');
  END IF;
END
$$;
