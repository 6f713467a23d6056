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
  carrier oid;
  changed record;
BEGIN
  SELECT * INTO tracked FROM pgstream.pgs_change_tracking WHERE source_relid = source FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF label IS NULL THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'broken',
      format('source table %s was dropped', tracked.fingerprint::jsonb ->> 'name'));
    PERFORM pgstream._drop_capture(source);
    RETURN;
  END IF;
  before := tracked.fingerprint::jsonb;
  after := pgstream._source_fingerprint(source, tracked.columns)::jsonb;
  carriers_now := pgstream._capture_carriers(source);
  level := pgstream._trigger_level(carriers_now);
  IF before = after AND level = tracked.trigger_level
    AND pgstream._capture_is_complete(source, carriers_now, level) THEN
    RETURN;
  END IF;

  FOR changed IN
    SELECT b.key::smallint AS attnum, before -> 'names' ->> b.key AS name, a.value IS NULL AS dropped
    FROM jsonb_each(before -> 'types') AS b LEFT JOIN jsonb_each(after -> 'types') AS a ON a.key = b.key
    WHERE a.value IS DISTINCT FROM b.value
  LOOP
    PERFORM pgstream._mark_dependents(source, ARRAY[changed.attnum], 'broken', format(
      CASE WHEN changed.dropped THEN 'column %I of source table %s was dropped'
        ELSE 'the type of column %I of source table %s was changed' END, changed.name, label));
  END LOOP;
  IF before -> 'names' <> after -> 'names' OR before -> 'name' <> after -> 'name'
    OR before -> 'rowSecurity' <> after -> 'rowSecurity' THEN
    -- Unwatched, two columns may have swapped their names while their changes were captured.
    PERFORM pgstream._mark_dependents(source, NULL, CASE WHEN pgstream._ddl_is_watched() THEN 'replan' ELSE 'reinit' END,
      format('source table %s was altered', label));
  END IF;
  IF before -> 'indexes' <> after -> 'indexes' THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'replan', format('an index of source table %s was created or dropped', label));
  END IF;
  -- What a plan may have relied on to identify rows is gone.
  IF NOT before -> 'keys' <@ (after -> 'keys') OR NOT before -> 'notNull' <@ (after -> 'notNull')
    OR NOT before -> 'foreignKeys' <@ (after -> 'foreignKeys') THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', format('a constraint of source table %s was dropped', label));
  END IF;
  IF EXISTS (SELECT FROM unnest(carriers_now) AS c WHERE c <> ALL (tracked.carriers) AND c <> ALL (created)) THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', format('a partition or child was attached to source table %s', label));
  END IF;
  IF EXISTS (SELECT FROM unnest(tracked.carriers) AS c WHERE c <> ALL (carriers_now)) THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', format('a partition or child of source table %s was detached or dropped', label));
  END IF;
  IF level <> tracked.trigger_level AND NOT pgstream._ddl_is_watched() THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', format('source table %s was attached elsewhere', label));
  END IF;
  IF NOT pgstream._capture_is_complete(source,
      ARRAY(SELECT c FROM unnest(carriers_now) AS c WHERE c = ANY (tracked.carriers)), tracked.trigger_level) THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', format('a capture trigger of source table %s was disabled or dropped', label));
  END IF;

  IF EXISTS (SELECT FROM unnest(carriers_now || tracked.carriers) AS c
    WHERE c <> ALL (created) AND (c <> ALL (tracked.carriers) OR c <> ALL (carriers_now))) THEN
    -- For a refresh that began before: its snapshot tells whether this counts for it, the mark alone does not.
    INSERT INTO pgstream.truncations (source_relid, xid, seq)
    VALUES (source, pg_current_xact_id()::text::bigint, nextval('pgstream.change_seq'));
  END IF;

  UPDATE pgstream.pgs_change_tracking
  SET fingerprint = after::text, carriers = carriers_now, trigger_level = level
  WHERE source_relid = source;
  PERFORM pgstream._generate_capture(source);
  FOREACH carrier IN ARRAY tracked.carriers LOOP
    CONTINUE WHEN carrier = ANY (carriers_now) OR pgstream._qualified_name(carrier) IS NULL;
    PERFORM pgstream._remove_capture_triggers(source, carrier);
  END LOOP;
  FOREACH carrier IN ARRAY carriers_now LOOP
    CONTINUE WHEN pgstream._capture_is_complete(source, ARRAY[carrier], level);
    PERFORM pgstream._install_capture_triggers(source, carrier);
  END LOOP;
END
$$;
