-- Sees to it that changes of `source` are captured with at least these columns, from this transaction's commit on for
-- everybody else. Waits for running writers of the source when it has to add something: a change that an open
-- transaction made before would lack it.
CREATE OR REPLACE FUNCTION pgstream._ensure_capture(source oid, columns smallint[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
-- A partitioned table takes neither from the session.
SET default_tablespace = ''
SET default_table_access_method = 'heap'
AS $$
DECLARE
  tracked pgstream.pgs_change_tracking;
  obstacle text;
  wanted smallint[];
  is_held boolean;
  is_new boolean;
  lacking record;
  buffer text := pgstream._buffer_name(source);
  carrier oid;
  -- Bearers of triggers that did nothing any more.
  left_behind oid[] := '{}';
BEGIN
  -- The table before the row that speaks of it, as DDL takes them.
  IF pgstream._qualified_name(source) IS NOT NULL AND has_table_privilege(source, 'SELECT') THEN
    EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE', pgstream._qualified_name(source));
  END IF;
  -- First without a lock on the row: of two who had one, and wait for writers of the source to end, the first to go on would wait for
  -- the second.
  FOREACH is_held IN ARRAY '{false,true}'::boolean[] LOOP
    IF is_held THEN
      -- Holds off pgstream._retire_capture until our dependency is committed.
      PERFORM FROM pgstream.pgs_change_tracking WHERE source_relid = source FOR SHARE;
    END IF;
    EXIT WHEN NOT pgstream._is_captured(source, columns);
    IF is_held THEN
      RETURN;
    END IF;
  END LOOP;
  obstacle := pgstream._capture_obstacle(source, columns);
  IF obstacle IS NOT NULL THEN
    RAISE EXCEPTION 'cannot capture changes of %', coalesce(pgstream._qualified_name(source), source::text)
      USING ERRCODE = 'wrong_object_type', DETAIL = obstacle || '.',
        HINT = 'Use refresh_mode => ''FULL'', or copy the data into an ordinary table.';
  END IF;
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', pgstream._qualified_name(source));
  SELECT * INTO tracked FROM pgstream.pgs_change_tracking WHERE source_relid = source FOR UPDATE;
  IF tracked.is_retired THEN
    -- Made anew, but for triggers that are there and as they should be: dropping them would take more than this lock.
    left_behind := tracked.carriers;
    IF pgstream._drop_retired_buffer(source) THEN
      tracked := NULL;
    ELSE
      -- What is in it is older than the first fill of whoever reads it from now on.
      DELETE FROM pgstream.truncations t WHERE t.source_relid = source;
      UPDATE pgstream.pgs_change_tracking t
      SET is_retired = false, columns = '{}', fingerprint = '', carriers = pgstream._capture_carriers(source),
        trigger_level = pgstream._trigger_level(pgstream._capture_carriers(source))
      WHERE t.source_relid = source
      RETURNING * INTO tracked;
    END IF;
  END IF;
  wanted := ARRAY(SELECT DISTINCT c FROM unnest(coalesce(tracked.columns, '{}') || columns) AS c ORDER BY c);

  is_new := tracked IS NULL;
  IF is_new AND to_regclass(buffer) IS NOT NULL AND current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    RAISE EXCEPTION 'could not serialize access: capture of source table % began meanwhile', pgstream._qualified_name(source)
      USING ERRCODE = 'serialization_failure', HINT = 'Retry the transaction.';
  END IF;
  -- What the buffer lacks, and what it has in another type than it has now: whoever read that is marked broken and never reads it
  -- again. All in a few commands: each writes the catalogs of four tables, and writers wait.
  SELECT string_agg(format('DROP COLUMN %I, DROP COLUMN IF EXISTS %I', 'c' || l.attnum, 'p' || l.attnum), ', ' ORDER BY l.attnum) FILTER (WHERE l.is_other) AS dropped,
    string_agg(format('%I %s', 'c' || l.attnum, l.type) || coalesce(', ' || quote_ident('p' || l.attnum) || ' ' || l.packed, ''), ', ' ORDER BY l.attnum) AS columns,
    string_agg(format('ADD COLUMN %I %s', 'c' || l.attnum, l.type) || coalesce(', ADD COLUMN ' || quote_ident('p' || l.attnum) || ' ' || l.packed, ''), ', ' ORDER BY l.attnum) AS added,
    -- Compressing costs the writer more than the bytes that it saves. The statistics of a type can be computed by functions of
    -- its maker's; ANALYZE would run them with our rights.
    string_agg(concat_ws(', ',
      CASE WHEN l.packed IS NOT NULL THEN format('ALTER COLUMN %1$I SET STORAGE EXTERNAL, ALTER COLUMN %1$I SET STATISTICS 0', 'p' || l.attnum) END,
      CASE WHEN l.is_foreign THEN format('ALTER COLUMN %I SET STATISTICS 0', 'c' || l.attnum) END), ', ' ORDER BY l.attnum)
      FILTER (WHERE l.packed IS NOT NULL OR l.is_foreign) AS settings
  INTO lacking
  FROM (
    SELECT a.attnum, pgstream._buffer_type(a.atttypid, a.atttypmod, a.attcollation) AS type,
      pgstream._packed_type(a.attnum, a.atttypid, a.attcollation) AS packed, a.atttypid >= 16384 AS is_foreign,
      b.attnum IS NOT NULL AS is_other
    FROM unnest(wanted) AS w
    JOIN pg_attribute a ON a.attrelid = source AND a.attnum = w AND NOT a.attisdropped
    LEFT JOIN pg_attribute b ON b.attrelid = to_regclass(buffer) AND b.attname = 'c' || w AND NOT b.attisdropped AND NOT is_new
    WHERE b.attnum IS NULL OR (a.atttypid, a.atttypmod, a.attcollation) <> (b.atttypid, b.atttypmod, b.attcollation)
      AND pgstream._buffer_type(a.atttypid, a.atttypmod, a.attcollation) <> pgstream._buffer_type(b.atttypid, b.atttypmod, b.attcollation)) AS l;

  IF is_new THEN
    -- A refresh must find the few new rows among many that others have yet to read, so there is a btree on xid; but it
    -- doubles the cost of capturing 100,000 rows (measured: 218 ms → 447 ms for 300,000), so statements of many rows
    -- write where there is only a BRIN index, which costs nothing measurable and serves them well: they come in one piece.
    -- Better still, they pack up to 1,000 rows into one, whose column p<attnum> is the array of what c<attnum> is row by row;
    -- n says how many.
    EXECUTE format('CREATE TABLE %s (xid bigint NOT NULL, seq bigint NOT NULL, weight smallint NOT NULL, part "char" NOT NULL, n bigint%s) '
      'PARTITION BY LIST (part)', buffer, ', ' || lacking.columns);
    EXECUTE format('CREATE TABLE %1$s_small PARTITION OF %1$s (part DEFAULT %2$L) FOR VALUES IN (%2$L)', buffer, 's');
    EXECUTE format('CREATE TABLE %1$s_bulk PARTITION OF %1$s (part DEFAULT %2$L) FOR VALUES IN (%2$L)', buffer, 'b');
    EXECUTE format('CREATE TABLE %1$s_packed PARTITION OF %1$s (part DEFAULT %2$L) FOR VALUES IN (%2$L)', buffer, 'p');
    EXECUTE format('CREATE INDEX ON %s_small (xid)', buffer);
    -- All rows of a partition have its key, but PostgreSQL takes an equality to hold for one row in 200 unless there are
    -- statistics that say otherwise; these stay when the rows that they are of are gone.
    IF current_setting('server_version_num')::integer >= 180000 THEN
      PERFORM pg_restore_attribute_stats('schemaname', 'pgstream_changes', 'relname', format('changes_%s_packed', source), 'attname', 'part',
        'inherited', false, 'null_frac', 0::real, 'avg_width', 1, 'n_distinct', 1::real, 'most_common_vals', '{p}', 'most_common_freqs', '{1}'::real[]);
    ELSE
      EXECUTE format('INSERT INTO %1$s_packed (xid, seq, weight) SELECT 0, 0, 1 FROM generate_series(1, 10)', buffer);
      EXECUTE format('ANALYZE %1$s_packed (part)', buffer);
      -- Before there is an index: for each file all of shared_buffers is looked through.
      EXECUTE format('TRUNCATE %1$s_packed', buffer);
    END IF;
    EXECUTE format('CREATE INDEX ON %s_packed (xid)', buffer);
    EXECUTE format('CREATE INDEX ON %s_bulk USING brin (xid) WITH (pages_per_range = 16, autosummarize = on)', buffer);
    EXECUTE format('CREATE SEQUENCE %s OWNED BY %s.xid', pgstream._counter_name(source), buffer);
    -- One that was never used has no value.
    PERFORM nextval(pgstream._counter_name(source)::regclass);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', buffer);
    EXECUTE format('CREATE POLICY readers_of_the_source ON %s FOR SELECT USING (pgstream._may_read(%s))', buffer, source);
    -- Statistics of xid and seq are of rows consumed long ago: with them the planner expects no new row and joins 100,000 by
    -- nested loops (measured: 330 ms against 50 ms); without, a third of the rows there are.
    EXECUTE format('ALTER TABLE %s ALTER COLUMN xid SET STATISTICS 0, ALTER COLUMN seq SET STATISTICS 0%s', buffer, ', ' || lacking.settings);
    -- An empty table that was never analyzed is taken to have ten pages.
    EXECUTE format('ANALYZE %s', buffer);
    INSERT INTO pgstream.pgs_change_tracking (source_relid, buffer, counter, columns, trigger_level, carriers, fingerprint)
    VALUES (source, buffer::regclass, pgstream._counter_name(source)::regclass, '{}', pgstream._trigger_level(pgstream._capture_carriers(source)),
      pgstream._capture_carriers(source), '');
  ELSIF lacking.added IS NOT NULL THEN
    IF lacking.dropped IS NOT NULL THEN
      EXECUTE format('ALTER TABLE %s %s', buffer, lacking.dropped);
    END IF;
    EXECUTE format('ALTER TABLE %s %s', buffer, lacking.added);
    IF lacking.settings IS NOT NULL THEN
      EXECUTE format('ALTER TABLE %s %s', buffer, lacking.settings);
    END IF;
  END IF;
  IF tracked.fingerprint <> '' THEN
    PERFORM pgstream._recheck_source(source);
  END IF;
  UPDATE pgstream.pgs_change_tracking t
  SET columns = pgstream._buffered_columns(source, wanted),
    fingerprint = pgstream._source_fingerprint(source, pgstream._buffered_columns(source, wanted)),
    files = pgstream._files(t.carriers)
  WHERE t.source_relid = source
  RETURNING t.carriers, t.trigger_level INTO tracked.carriers, tracked.trigger_level;

  PERFORM pgstream._generate_capture(source);
  FOREACH carrier IN ARRAY tracked.carriers LOOP
    -- Those of a table whose own rows are told apart from now on are one more.
    IF NOT pgstream._capture_is_complete(source, ARRAY[carrier], tracked.trigger_level) THEN
      PERFORM pgstream._install_capture_triggers(source, carrier);
    END IF;
  END LOOP;
  FOREACH carrier IN ARRAY left_behind LOOP
    IF carrier <> ALL (tracked.carriers) THEN
      PERFORM pgstream._remove_capture_triggers(source, carrier);
    END IF;
  END LOOP;
END
$$;
