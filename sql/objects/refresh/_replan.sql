-- Compiles the stored tree again with the facts as they are now and installs the result. When tables, key, sources or
-- strategy come out otherwise, or a composite type has other attributes, everything but the rows is made anew, the
-- content brought to it (unless the snapshot is too old for that: pgstream._fill), and true is returned. Constraints that came
-- since the plan before say nothing of what is still to be consumed: they are for the plan after this one.
CREATE OR REPLACE FUNCTION pgstream._replan(id bigint, initiated_by text DEFAULT 'MANUAL') RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
SET default_tablespace = ''
AS $$
DECLARE
  made record;
  target pgstream.pgs_stream_tables;
  request jsonb;
  held jsonb;
  new_plan jsonb;
  old_sources oid[];
  read_before oid[];
  rebuilt boolean;
  source record;
  owner name;
  version xid;
BEGIN
  PERFORM pgstream._follow_names(id);
  -- Before the facts are read: DDL that comes later asks for another plan (its mark writes the row).
  SELECT s.xmin INTO version FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  IF target.needs_redefine THEN
    PERFORM pgstream._redefine_again(id, initiated_by);
    RETURN true;
  END IF;
  request := pgstream._stored_request(id, target.refresh_mode);
  PERFORM pgstream._check_acyclic(target.pgs_relid, request);
  owner := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = target.pgs_relid);
  held := CASE WHEN target.is_populated THEN pgstream._with_held_facts(request, target.plan -> 'facts') ELSE request END;
  new_plan := pgstream._compile_definition(held, owner);
  old_sources := ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_captured ORDER BY 1);
  rebuilt := (new_plan #> '{install,tables}') - 0 <> (target.plan #> '{install,tables}') - 0
    OR new_plan -> 'key' <> target.plan -> 'key' OR pgstream._null_keys(new_plan) <> pgstream._null_keys(target.plan)
    OR new_plan ->> 'strategy' <> target.plan ->> 'strategy' OR new_plan ? 'hasLongValues' <> target.plan ? 'hasLongValues'
    -- A replaced view may read other tables.
    OR old_sources <> ARRAY(SELECT (s ->> 'relation')::oid FROM jsonb_array_elements(new_plan -> 'sources') AS s ORDER BY 1);
  UPDATE pgstream.pgs_stream_tables s
  SET needs_replan = s.needs_replan AND s.xmin <> version
  WHERE s.pgs_id = id;
  PERFORM pgstream._keep_plan(id, request, new_plan);
  IF rebuilt OR pgstream._shapes_differ(target.plan, (SELECT s.plan FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id)) THEN
    IF held <> request THEN
      PERFORM pgstream._keep_plan(id, request, pgstream._compile_definition(request, owner));
    END IF;
    PERFORM pgstream._exchange_plan(id, request, target, initiated_by, coalesce(target.reinit_reason, 'the plan has other tables'));
    RETURN true;
  END IF;
  FOR source IN
    SELECT (s ->> 'relation')::oid AS relid, ARRAY(SELECT c::smallint FROM jsonb_array_elements_text(s -> 'columns') AS c) AS columns
    FROM jsonb_array_elements(new_plan -> 'sources') AS s ORDER BY 1
  LOOP
    UPDATE pgstream.pgs_dependencies d SET columns = source.columns
    WHERE d.pgs_id = id AND d.source_relid = source.relid AND d.columns <> source.columns;
    PERFORM pgstream._ensure_capture(source.relid, source.columns);
  END LOOP;
  read_before := ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id ORDER BY 1);
  PERFORM pgstream._install_dependencies(id);
  IF read_before <> ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id ORDER BY 1) THEN
    INSERT INTO pgstream.graph_changes DEFAULT VALUES;
  END IF;
  PERFORM pgstream._install_functions(id);
  -- A source's new index may have rows found by other columns than before.
  FOR made IN
    SELECT i AS ddl, c.oid AS relation
    FROM jsonb_array_elements_text(new_plan #> '{install,indexes}') AS i
    JOIN pg_class c ON c.oid = target.pgs_relid
      OR c.relnamespace = 'pgstream_state'::regnamespace AND c.relkind = 'r' AND c.relname ~ format('^state_%s_', id)
    CROSS JOIN LATERAL (SELECT format('CREATE INDEX ON %s (', pgstream._qualified_name(c.oid))) AS f(beginning)
    WHERE NOT target.plan #> '{install,indexes}' ? i AND starts_with(i, f.beginning) AND NOT EXISTS (
      SELECT FROM pg_index x
      WHERE x.indrelid = c.oid AND right(pg_get_indexdef(x.indexrelid), length(i) - length(f.beginning) + 1) = substr(i, length(f.beginning)))
  LOOP
    IF made.relation = target.pgs_relid THEN
      PERFORM pgstream._make_index(target.pgs_relid, made.ddl);
    ELSE
      PERFORM pgstream._make_own(made.ddl);
    END IF;
  END LOOP;
  PERFORM pgstream._own_generated_objects(id);
  UPDATE pgstream.pgs_stream_tables s SET needs_replan = true WHERE s.pgs_id = id AND held <> request;
  RETURN false;
END
$$;
