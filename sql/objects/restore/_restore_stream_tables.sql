-- The privileged half of restore_stream_tables: sources before their readers, so that nobody captures the refill of another.
CREATE OR REPLACE FUNCTION pgstream._restore_stream_tables() RETURNS TABLE (name text, action text, detail text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET row_security = on
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  target record;
  defined boolean;
  words text;
  more text;
  restored bigint[] := '{}';
  news pgstream.graph[];
BEGIN
  IF pg_trigger_depth() > 0 THEN
    PERFORM pgstream._refuse_in_trigger();
  END IF;
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    RAISE EXCEPTION 'stream tables cannot be restored in a % transaction', current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state', DETAIL = 'Its snapshot may be older than the capture of changes.',
        HINT = 'Call it in a READ COMMITTED transaction.';
  END IF;
  LOCK TABLE pgstream._home IN EXCLUSIVE MODE;
  IF NOT pgstream._is_home() THEN
    -- Without a compiler nothing of this can succeed, and that is not the fault of a definition.
    PERFORM pgstream._compile('{}');
    -- What is generated is made anew in any case, so it may have been left out of the dump.
    IF to_regnamespace('pgstream_changes') IS NULL THEN
      CREATE SCHEMA pgstream_changes;
      GRANT USAGE ON SCHEMA pgstream_changes TO PUBLIC;
    END IF;
    IF to_regnamespace('pgstream_state') IS NULL THEN
      CREATE SCHEMA pgstream_state;
      GRANT USAGE ON SCHEMA pgstream_state TO PUBLIC;
    END IF;
    PERFORM pgstream._protect();
    IF NOT pgstream._remove_remains() THEN
      RETURN QUERY SELECT format('%I.%I', s.pgs_schema, s.pgs_name), 'PENDING', NULL::text FROM pgstream.pgs_stream_tables s ORDER BY 1;
      RETURN;
    END IF;
    RETURN QUERY SELECT * FROM pgstream._renumber();
    PERFORM pgstream._settle();
  END IF;

  FOR target IN
    WITH RECURSIVE level(id, depth) AS (
      SELECT s.pgs_id, 0 FROM pgstream.pgs_stream_tables s
      UNION
      SELECT d.pgs_id, l.depth + 1
      FROM level l JOIN pgstream.pgs_stream_tables s ON s.pgs_id = l.id JOIN pgstream.pgs_dependencies d ON d.source_relid = s.pgs_relid
    )
    SELECT s.pgs_id AS id, format('%I.%I', s.pgs_schema, s.pgs_name) AS label, s.strategy, s.broken_reason IS NULL AS is_well,
      max(l.depth) AS depth
    FROM level l JOIN pgstream.pgs_stream_tables s ON s.pgs_id = l.id GROUP BY s.pgs_id ORDER BY is_well DESC, depth, label
  LOOP
    IF target.is_well THEN
      RETURN QUERY SELECT target.label, 'UNCHANGED', NULL::text;
      CONTINUE;
    ELSIF NOT pgstream._locks_are_left() THEN
      RETURN QUERY SELECT target.label, 'PENDING', NULL::text;
      CONTINUE;
    END IF;
    defined := false;
    BEGIN
      PERFORM pgstream._uninstall_plan(target.id);
      PERFORM pgstream._own_generated_objects(target.id);
      PERFORM pgstream._define_again(target.id, NULL);
      defined := true;
      PERFORM pgstream._restore_content(target.id);
      restored := restored || target.id;
      RETURN QUERY SELECT target.label, 'RESTORED', CASE WHEN s.strategy <> target.strategy
          THEN format('%s now%s', s.strategy, ': ' || (s.plan #>> '{reasons,0,message}'))
          WHEN NOT s.is_populated THEN 'it was not filled, and waits for its first refresh' END
        FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = target.id;
    EXCEPTION WHEN OTHERS THEN
      -- What passes says nothing of it: it is not to be broken for a lock.
      IF pgstream._passes_by_itself(SQLSTATE, SQLERRM) OR left(SQLSTATE, 2) = 'XX' THEN
        RAISE;
      END IF;
      GET STACKED DIAGNOSTICS words = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL;
      -- The words of an error in computing the content may show values of the sources.
      PERFORM pgstream._restore_failed(target.id, CASE WHEN defined THEN pgstream._error_kind(SQLSTATE) ELSE words END);
      RETURN QUERY SELECT target.label, 'FAILED', concat_ws('. ', words, nullif(more, ''));
    END;
  END LOOP;
  -- Each was filled at a snapshot of its own; what belongs together is to be of one moment.
  IF restored <> '{}' THEN
    news := pgstream._news_of_graph();
    PERFORM pgstream._align_group(g.id) FROM (
      SELECT min(n.pgs_id) AS id FROM pgstream._graph_with(news) AS n
      GROUP BY n.group_id HAVING count(*) > 1 AND bool_or(n.pgs_id = ANY (restored))) AS g;
  END IF;
END
$$;
