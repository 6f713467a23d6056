-- The privileged half of restore_stream_tables. First all definitions are compiled, which says who reads whom; then the
-- contents follow, sources before their readers, so that nobody captures the refill of another.
CREATE OR REPLACE FUNCTION pgstream._restore_stream_tables() RETURNS TABLE (name text, action text, detail text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  target record;
  owners jsonb;
  pending bigint[];
  defined bigint[] := '{}';
  strategies jsonb;
  definition text;
  words text;
  more text;
BEGIN
  IF pg_trigger_depth() > 0 THEN
    PERFORM pgstream._refuse_in_trigger();
  END IF;
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'stream tables cannot be restored in a % transaction', current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state', DETAIL = 'Its snapshot may be older than the capture of changes.',
        HINT = 'Call it in a READ COMMITTED transaction.';
  END IF;
  LOCK TABLE pgstream._home IN EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables) AND pgstream._is_home() THEN
    RETURN;
  END IF;
  -- Without a compiler nothing of this can succeed, and that is not the fault of a definition.
  PERFORM pgstream._compile('{}');

  IF pgstream._is_home() THEN
    pending := ARRAY(SELECT s.pgs_id FROM pgstream.pgs_stream_tables s WHERE s.broken_reason IS NOT NULL ORDER BY 1);
  ELSE
    SELECT jsonb_object_agg(substring(p.proname, '^refresh_([0-9]+)_as_owner$'), pg_get_userbyid(p.proowner)) INTO owners
    FROM pg_proc p WHERE p.pronamespace = 'pgstream_state'::regnamespace AND p.proname ~ '^refresh_[0-9]+_as_owner$';
    PERFORM pgstream._protect();
    PERFORM pgstream._remove_remains();
    PERFORM pgstream._settle();
    FOR target IN SELECT s.pgs_id, format('%I.%I', s.pgs_schema, s.pgs_name) AS label FROM pgstream.pgs_stream_tables s ORDER BY 2 LOOP
      BEGIN
        PERFORM pgstream._find_table(target.pgs_id, owners ->> target.pgs_id::text);
        pending := pending || target.pgs_id;
      EXCEPTION WHEN OTHERS THEN
        words := SQLERRM;
        definition := (SELECT pgstream._definition(s) FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = target.pgs_id);
        PERFORM pgstream._forget_stream_table(target.pgs_id);
        RETURN QUERY SELECT target.label, 'FORGOTTEN', format(E'%s; its definition was:\n%s', words, definition);
      END;
    END LOOP;
  END IF;
  RETURN QUERY
    SELECT format('%I.%I', s.pgs_schema, s.pgs_name), 'UNCHANGED', NULL::text FROM pgstream.pgs_stream_tables s
    WHERE s.pgs_id <> ALL (coalesce(pending, '{}')) ORDER BY 1;

  strategies := (SELECT jsonb_object_agg(s.pgs_id, s.strategy) FROM pgstream.pgs_stream_tables s);
  FOR target IN
    SELECT s.pgs_id, format('%I.%I', s.pgs_schema, s.pgs_name) AS label FROM pgstream.pgs_stream_tables s
    WHERE s.pgs_id = ANY (pending) ORDER BY 1
  LOOP
    BEGIN
      PERFORM pgstream._restore_definition(target.pgs_id);
      defined := defined || target.pgs_id;
    EXCEPTION WHEN OTHERS THEN
      IF left(SQLSTATE, 2) IN ('40', '53', '57', '58', 'XX') THEN
        RAISE;
      END IF;
      GET STACKED DIAGNOSTICS words = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL;
      PERFORM pgstream._restore_failed(target.pgs_id, words);
      RETURN QUERY SELECT target.label, 'FAILED', concat_ws('. ', words, nullif(more, ''));
    END;
  END LOOP;

  FOR target IN
    WITH RECURSIVE reads AS (
      SELECT s.pgs_id AS reader, u.pgs_id AS source
      FROM pgstream.pgs_stream_tables s JOIN pgstream.pgs_stream_tables u ON u.pgs_relid = ANY (s.relations)
      WHERE s.pgs_id = ANY (defined) AND u.pgs_id = ANY (defined)
    ), level(id, depth) AS (
      SELECT d, 0 FROM unnest(defined) AS d
      UNION SELECT r.reader, l.depth + 1 FROM level l JOIN reads r ON r.source = l.id
    )
    SELECT s.pgs_id, format('%I.%I', s.pgs_schema, s.pgs_name) AS label, max(l.depth) AS depth
    FROM level l JOIN pgstream.pgs_stream_tables s ON s.pgs_id = l.id GROUP BY s.pgs_id ORDER BY 3, 1
  LOOP
    BEGIN
      PERFORM pgstream._restore_content(target.pgs_id);
      RETURN QUERY SELECT target.label, 'RESTORED', CASE WHEN s.strategy <> strategies ->> s.pgs_id::text
          THEN format('%s now: %s', s.strategy, s.plan #>> '{reasons,0,message}')
          WHEN NOT s.is_populated THEN 'it was not filled, and waits for its first refresh' END
        FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = target.pgs_id;
    EXCEPTION WHEN OTHERS THEN
      IF left(SQLSTATE, 2) IN ('40', '53', '57', '58', 'XX') THEN
        RAISE;
      END IF;
      -- The words of an error at work may show values of the sources.
      GET STACKED DIAGNOSTICS words = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL;
      PERFORM pgstream._restore_failed(target.pgs_id, pgstream._error_kind(SQLSTATE));
      RETURN QUERY SELECT target.label, 'FAILED', concat_ws('. ', words, nullif(more, ''));
    END;
  END LOOP;
END
$$;
