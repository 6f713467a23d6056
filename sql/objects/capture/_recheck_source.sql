-- Compares a captured source with what its capture functions and the plans of its readers rely on, mends capture, and
-- marks the readers. Called by the event triggers; where there are none, by the refresh that finds the fingerprint
-- changed. `created`: relations made by this very command, empty, so that joining them changes no content.
CREATE OR REPLACE FUNCTION pgstream._recheck_source(source oid, created oid[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  tracked pgstream.pgs_change_tracking;
  label text := pgstream._qualified_name(source);
  before jsonb;
  after jsonb;
  level text;
  carriers_now oid[];
  -- Of the carriers that there were, and of those that there are.
  files_then text;
  files_now text;
  carrier oid;
  changed record;
  kept smallint[];
  rewritten smallint[];
  rewriting text;
  -- Why rows came or went for every reader, which no trigger saw.
  unseen text;
  -- An event trigger, at once; not a refresh, later (pgstream._recheck_unwatched).
  was_told CONSTANT boolean := pgstream._ddl_is_watched() AND current_setting('pg_stream.nobody_told', true) IS DISTINCT FROM 'on';
BEGIN
  -- Nearly always nothing has changed: no lock for that.
  SELECT * INTO tracked FROM pgstream.pgs_change_tracking WHERE source_relid = source;
  IF tracked.is_retired AND label IS NOT NULL THEN
    -- Nobody relies on it. Where DDL has the lock anyhow that this takes, it goes.
    IF NOT EXISTS (
      SELECT FROM unnest(tracked.carriers) AS c
      WHERE EXISTS (SELECT FROM pgstream._capture_triggers(source, c)) AND NOT EXISTS (SELECT FROM pg_locks l
        WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation = c AND l.mode = 'AccessExclusiveLock' AND l.granted)) THEN
      PERFORM pgstream._reap_capture(source);
    END IF;
    RETURN;
  END IF;
  IF tracked.source_relid IS NULL OR tracked.fingerprint = pgstream._source_fingerprint(source, tracked.columns)
    AND tracked.columns = pgstream._buffered_columns(source, tracked.columns)
    AND pgstream._trigger_level(tracked.carriers) = tracked.trigger_level
    AND pgstream._capture_is_complete(source, tracked.carriers, tracked.trigger_level) THEN
    IF pgstream._files(tracked.carriers) <> tracked.files THEN
      PERFORM pgstream._note_files(source);
    END IF;
    IF pgstream._take_off(source, pgstream._left_behind(source)) THEN
      unseen := format('a partition or child of source table %s was detached or dropped', label);
      PERFORM pgstream._mark_dependents(source, NULL, 'reinit', unseen);
      PERFORM pgstream._note_unseen(source, unseen);
    END IF;
    RETURN;
  END IF;
  SELECT * INTO tracked FROM pgstream.pgs_change_tracking WHERE source_relid = source FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF label IS NULL THEN
    -- Who does not name it has read it through a view, which is there and so reads another table by now (or is dropped itself, and
    -- that is noted for what it is).
    PERFORM pgstream._mark_stream_tables(ARRAY[s.pgs_id],
      CASE WHEN source = ANY ((pgstream._tree_references(ARRAY[s.tree])).relations) THEN 'broken' WHEN d.is_captured THEN 'reinit' ELSE 'replan' END,
      format('source table %s was dropped', tracked.fingerprint::jsonb ->> 'name'))
    FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    WHERE d.source_relid = source;
    PERFORM pgstream._drop_capture(source);
    RETURN;
  END IF;
  kept := pgstream._buffered_columns(source, tracked.columns);
  before := tracked.fingerprint::jsonb;
  -- At one snapshot.
  SELECT pgstream._source_fingerprint(source, kept)::jsonb, c.relids, pgstream._files(tracked.carriers), pgstream._files(c.relids)
  INTO after, carriers_now, files_then, files_now
  FROM (SELECT pgstream._capture_carriers(source) AS relids OFFSET 0) AS c;
  level := pgstream._trigger_level(carriers_now);
  IF carriers_now <> tracked.carriers THEN
    INSERT INTO pgstream.graph_changes DEFAULT VALUES;
  END IF;

  PERFORM pgstream._mark_changed_columns(source, before, after);
  -- Rows as wholes have all columns, and their names, in JSON for one.
  IF NOT after -> 'row' <@ (before -> 'row') THEN
    PERFORM pgstream._mark_stream_tables(ARRAY[s.pgs_id], 'reinit', format('the columns of source table %s were changed', label))
    FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    WHERE d.source_relid = source AND pgstream._reads_row(s.tree, s.views, source);
  END IF;
  FOR changed IN
    SELECT b.key::smallint AS attnum, before -> 'names' ->> b.key AS name,
      -- An expression that is gone leaves the values; one that is only printed otherwise has new names in it.
      a.value IS NULL OR a.value ->> 0 = b.value ->> 0 AS harmless
    FROM jsonb_each(before -> 'generated') AS b LEFT JOIN jsonb_each(after -> 'generated') AS a ON a.key = b.key
    WHERE a.value IS DISTINCT FROM b.value AND after -> 'types' ? b.key
  LOOP
    -- Unwatched, changes were captured by what held before.
    CONTINUE WHEN changed.harmless AND was_told;
    PERFORM pgstream._mark_dependents(source, ARRAY[changed.attnum], 'reinit',
      format('the expression of generated column %I of source table %s was changed', changed.name, label));
  END LOOP;
  IF after -> 'versions' <> before -> 'versions' AND files_then <> tracked.files THEN
    rewritten := ARRAY(
      SELECT a.key::smallint FROM jsonb_each_text(after -> 'versions') AS a WHERE a.value <> before -> 'versions' ->> a.key);
    rewriting := format('the rows of source table %s were rewritten', label);
    PERFORM pgstream._mark_dependents(source, rewritten, 'reinit', rewriting);
    IF NOT EXISTS (
      SELECT FROM pgstream.pgs_dependencies d WHERE d.source_relid = source AND d.is_captured AND NOT d.columns && rewritten) THEN
      unseen := rewriting;
    END IF;
  END IF;
  IF after -> 'obstacle' <> before -> 'obstacle' AND after ->> 'obstacle' IS NOT NULL THEN
    unseen := after ->> 'obstacle';
    PERFORM pgstream._mark_stream_tables(ARRAY[d.pgs_id], CASE s.refresh_mode WHEN 'AUTO' THEN 'reinit' ELSE 'obstructed' END, why)
    FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_stream_tables s USING (pgs_id),
      pgstream._capture_obstacle(source, d.columns) AS why
    WHERE d.source_relid = source AND d.is_captured AND why IS NOT NULL;
  END IF;
  IF before ->> 'obstacle' IS NOT NULL AND after -> 'obstacle' <> before -> 'obstacle' THEN
    PERFORM pgstream._resume_unobstructed(source);
  END IF;
  IF before -> 'names' <> after -> 'names' OR before -> 'name' <> after -> 'name'
    OR before -> 'rowSecurity' <> after -> 'rowSecurity' THEN
    -- Unwatched, two columns may have swapped their names while their changes were captured.
    PERFORM pgstream._mark_dependents(source, NULL, CASE WHEN was_told THEN 'replan' ELSE 'reinit' END,
      format('source table %s was altered', label));
  END IF;
  IF before -> 'indexes' <> after -> 'indexes' THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'replan', format('an index of source table %s was created or dropped', label));
  END IF;
  -- What a plan may have relied on to identify rows is gone. Of a stream table that has another plan, and whose
  -- rows are what they were but for changes that are captured, readers only need other functions.
  IF NOT before -> 'keys' <@ (after -> 'keys') OR NOT before -> 'notNull' <@ (after -> 'notNull') THEN
    PERFORM pgstream._mark_dependents(source, NULL, CASE WHEN was_told AND EXISTS (
        SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = source) THEN 'replan' ELSE 'reinit' END,
      format('a constraint of source table %s was dropped', label));
  END IF;
  -- One without a page has no rows for any snapshot, and no other writer while we have it locked: so are partitions made ahead.
  IF EXISTS (SELECT FROM unnest(carriers_now) AS c WHERE c <> ALL (tracked.carriers) AND c <> ALL (created)
      AND NOT (was_told AND pg_relation_size(c) = 0 AND EXISTS (SELECT FROM pg_locks l
        WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation = c AND l.mode = 'AccessExclusiveLock' AND l.granted))) THEN
    unseen := format('a partition or child was attached to source table %s', label);
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', unseen);
  END IF;
  -- The first child: keys and NOT NULL of the parent say nothing about its rows, and FROM ONLY has to tell rows apart from now on.
  IF unseen IS NULL AND cardinality(tracked.carriers) = 1 AND cardinality(carriers_now) > 1
    AND EXISTS (SELECT FROM pg_class c WHERE c.oid = source AND c.relkind = 'r') THEN
    unseen := format('source table %s has a child', label);
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', unseen);
  END IF;
  IF EXISTS (SELECT FROM unnest(tracked.carriers) AS c WHERE c <> ALL (carriers_now)) THEN
    unseen := format('a partition or child of source table %s was detached or dropped', label);
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', unseen);
  END IF;
  -- Was written meanwhile through another parent, whose triggers we have not, or under another column's name.
  IF unseen IS NULL AND NOT pgstream._ddl_is_watched() AND (after -> 'links' <> before -> 'links' OR EXISTS (
      SELECT FROM jsonb_each(before -> 'altered') AS b JOIN jsonb_each(after -> 'altered') AS a USING (key)
      WHERE a.value -> 0 <> b.value -> 0 AND a.value -> 1 = b.value -> 1)) THEN
    unseen := format('source table %s was altered, and altered back', label);
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', unseen);
  END IF;
  IF level <> tracked.trigger_level AND NOT was_told THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', format('source table %s was attached elsewhere', label));
  END IF;
  IF NOT pgstream._capture_is_complete(source,
      ARRAY(SELECT c FROM unnest(carriers_now) AS c WHERE c = ANY (tracked.carriers)), tracked.trigger_level) THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', format('a capture trigger of source table %s was disabled or dropped', label));
  END IF;

  IF unseen IS NOT NULL THEN
    PERFORM pgstream._note_unseen(source, unseen);
  END IF;

  UPDATE pgstream.pgs_change_tracking
  SET fingerprint = after::text, files = files_now, columns = kept, carriers = carriers_now, trigger_level = level
  WHERE source_relid = source;
  -- Nobody can be given the right to read a column that the buffer has lost; its readers are broken.
  UPDATE pgstream.pgs_dependencies d SET columns = ARRAY(SELECT c FROM unnest(d.columns) AS c WHERE c = ANY (kept))
  WHERE d.source_relid = source AND d.is_captured AND NOT d.columns <@ kept;
  PERFORM pgstream._generate_capture(source);
  -- Of one that was detached CONCURRENTLY: older transactions may have written it through its parent until now.
  IF pgstream._take_off(source, pgstream._left_behind(source)) AND unseen IS NULL THEN
    unseen := format('a partition or child of source table %s was detached or dropped', label);
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', unseen);
    PERFORM pgstream._note_unseen(source, unseen);
  END IF;
  FOREACH carrier IN ARRAY carriers_now LOOP
    CONTINUE WHEN pgstream._capture_is_complete(source, ARRAY[carrier], level);
    PERFORM pgstream._install_capture_triggers(source, carrier);
  END LOOP;
END
$$;
