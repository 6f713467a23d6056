-- Behind the gate: another refresh mode for the query as it was analysed. The rows stay what they are, as old as they are,
-- unless there is state to be computed with them.
CREATE OR REPLACE FUNCTION pgstream._redefine_mode(id bigint, mode text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  old pgstream.pgs_stream_tables;
  request jsonb;
  held jsonb;
  new_plan jsonb;
  owner name;
  old_sources oid[] := ARRAY(SELECT source_relid FROM pgstream.pgs_dependencies WHERE pgs_id = id AND is_captured ORDER BY 1);
BEGIN
  -- With the others of its group, which will follow it.
  PERFORM pgstream._lock_group(pgstream._group_of(id, pgstream._news_of_graph()));
  PERFORM pgstream._refuse_gone(id);
  -- Who waits for it under REPEATABLE READ has the old plan in the snapshot: the row that it waits for says so (SQLSTATE 40001).
  UPDATE pgstream.frontiers f SET own_seq = f.own_seq WHERE f.pgs_id = id;
  PERFORM pgstream._follow_name(id);
  SELECT * INTO old FROM pgstream.pgs_stream_tables WHERE pgs_id = id FOR UPDATE;
  -- By whoever we waited for.
  IF old.broken_reason IS NOT NULL THEN
    RAISE EXCEPTION 'cannot alter stream table "%"', old.pgs_name
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = old.broken_reason || '.',
        HINT = 'Put back what is missing and call pgstream.resume_stream_table(name), or give it a new query by pgstream.alter_stream_table(name, query => …).';
  END IF;
  owner := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = old.pgs_relid);
  request := CASE WHEN old.needs_redefine THEN pgstream._read_again(id, mode) ELSE pgstream._stored_request(id, mode) END;
  held := pgstream._with_held_facts(request, old.plan -> 'facts');
  new_plan := pgstream._compile_definition(held, owner);
  IF NOT old.is_populated OR old.needs_reinit OR old.needs_replan
    OR old.strategy <> 'DIFFERENTIAL' AND new_plan ->> 'strategy' = 'DIFFERENTIAL'
    OR new_plan ->> 'strategy' = old.strategy AND (new_plan -> 'key' <> old.key OR pgstream._null_keys(new_plan) <> pgstream._null_keys(old.plan) OR new_plan #> '{install,tables}' <> old.plan #> '{install,tables}'
      OR new_plan -> 'sources' <> old.plan -> 'sources') THEN
    PERFORM pgstream._replace_definition(id, request, mode);
    PERFORM pgstream._align_defined(id);
    RETURN;
  END IF;
  UPDATE pgstream.pgs_stream_tables SET refresh_mode = mode, needs_replan = held <> request WHERE pgs_id = id;
  PERFORM pgstream._keep_plan(id, held, new_plan);
  IF new_plan ->> 'strategy' = old.strategy THEN
    PERFORM pgstream._install_functions(id);
    PERFORM pgstream._own_generated_objects(id);
    RETURN;
  END IF;
  -- From now on it is recomputed: that takes another index and no state.
  PERFORM pgstream._uninstall_plan(id);
  PERFORM pgstream._install_plan(id, owner);
  PERFORM pgstream._release_sources(old_sources);
  IF new_plan -> 'key' <> old.key THEN
    -- First what would be taken for the new one: by the hash of a key, and by that of a row.
    PERFORM pgstream._change_columns(id, ARRAY(
      SELECT i FROM unnest(pgstream._plan_indexes(old.pgs_relid, old.plan)) AS i WHERE i <> ALL (pgstream._own_indexes(old.pgs_relid, old.key))));
  END IF;
  PERFORM pgstream._install_indexes(id, 'target');
  IF new_plan -> 'key' <> old.key THEN
    PERFORM pgstream._change_columns(id, pgstream._own_indexes(old.pgs_relid, old.key));
  END IF;
END
$$;
