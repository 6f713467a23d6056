-- What health_check finds wrong: one line per thing. `about` names it; the words go into detail.
CREATE OR REPLACE FUNCTION pgstream._health_facts()
RETURNS TABLE (check_name text, severity text, about text)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  WITH tables AS MATERIALIZED (
    SELECT s.pgs_id, s.pgs_relid, format('%I.%I', s.pgs_schema, s.pgs_name) AS label, s.status, s.last_error, s.broken_reason, s.paused,
      s.consecutive_errors, s.needs_reinit, s.reinit_reason, s.missing_indexes
    FROM pgstream.pgs_stream_tables s
  ), scheduler AS (
    SELECT w.watched_at, clock_timestamp() - w.watched_at AS since FROM pgstream._scheduler w
  ), generated AS MATERIALIZED (
    SELECT 'FUNCTION' AS kind, p.pronamespace::regnamespace || '.' || p.proname AS label, p.proname AS name, p.pronamespace AS schema
    FROM pg_proc p WHERE p.pronamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace)
    UNION ALL
    SELECT 'TABLE', c.relnamespace::regnamespace || '.' || c.relname, c.relname, c.relnamespace
    FROM pg_class c
    WHERE c.relnamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  )
  SELECT 'scheduler', 'WARNING', 'pg_stream.enabled is off' WHERE NOT pgstream._scheduler_enabled()
  UNION ALL
  SELECT 'scheduler', 'ERROR', CASE WHEN s.watched_at = '-infinity' THEN 'no scheduler has run yet'
    ELSE format('no scheduler has run for %s s', extract(epoch FROM s.since)::bigint) END
  FROM scheduler s WHERE pgstream._scheduler_enabled() AND s.since > interval '1 minute' AND EXISTS (SELECT FROM tables)
  UNION ALL
  SELECT 'broken', 'ERROR', t.label || coalesce(': ' || t.broken_reason, '') FROM tables t WHERE t.status = 'ERROR'
  UNION ALL
  SELECT 'suspended', CASE WHEN t.last_error IS NULL THEN 'WARNING' ELSE 'ERROR' END,
    t.label || CASE WHEN t.paused THEN ' (pause_all)' WHEN t.last_error IS NULL THEN ' (by its owner)' ELSE ': ' || t.last_error END
  FROM tables t WHERE t.status = 'SUSPENDED'
  UNION ALL
  SELECT 'failing', 'WARNING', format('%s: %s times, %s', t.label, t.consecutive_errors, t.last_error)
  FROM tables t WHERE t.consecutive_errors > 0 AND t.status NOT IN ('SUSPENDED', 'ERROR')
  UNION ALL
  SELECT 'waiting', 'WARNING', format('%s: %s', t.label, f.waiting_for)
  FROM tables t JOIN pgstream.frontiers f USING (pgs_id) WHERE f.waiting_for IS NOT NULL
  UNION ALL
  SELECT 'stale', 'WARNING', format('%s: %s s old, schedule %s', t.label, x.staleness::bigint, x.schedule)
  FROM pgstream._stale() AS x JOIN tables t ON t.pgs_id = x.id WHERE NOT x.is_over AND x.status NOT IN ('SUSPENDED', 'ERROR')
  UNION ALL
  SELECT 'reinitialize', 'WARNING', t.label || coalesce(': ' || t.reinit_reason, '')
  FROM tables t WHERE t.needs_reinit AND t.status NOT IN ('SUSPENDED', 'ERROR')
  UNION ALL
  SELECT 'buffer_growth', 'WARNING', format('%s: %s', pgstream._qualified_name(b.source_relid), pg_size_pretty(b.bytes))
  FROM pgstream._buffer_bytes b
  -- A change takes 48 bytes at least.
  WHERE b.bytes / 48 > pgstream._setting('pg_stream.buffer_alert_threshold')::bigint
  UNION ALL
  SELECT 'capture', 'ERROR', CASE WHEN t.present THEN format('trigger %I on %s is disabled', t.trigger_name, t.on_table)
    WHEN t.trigger_type = 'GUARD' THEN format('the guard of %s is missing', t.on_table)
    ELSE format('trigger %I on %s is missing', t.trigger_name, t.on_table) END
  FROM pgstream.trigger_inventory() AS t WHERE t.trigger_type <> 'EVENT' AND NOT t.enabled
  UNION ALL
  SELECT 'capture', 'ERROR', format('the change buffer of %s is missing', coalesce(pgstream._qualified_name(k.source_relid), k.source_relid::text))
  FROM pgstream.pgs_change_tracking k LEFT JOIN pgstream._buffer_bytes b USING (source_relid) WHERE b.bytes IS NULL
  UNION ALL
  SELECT 'event_triggers', 'WARNING', t.trigger_name || CASE WHEN t.present THEN ' is disabled' ELSE ' is missing' END
  FROM pgstream.trigger_inventory() AS t WHERE t.trigger_type = 'EVENT' AND NOT t.enabled
  UNION ALL
  SELECT 'generated', 'ERROR', t.label
  FROM tables t
  WHERE t.pgs_relid IS NOT NULL AND (
    SELECT count(*) FROM generated g WHERE g.kind = 'FUNCTION'
      AND g.name IN (format('gate_%s', t.pgs_id)::name, format('refresh_%s_full', t.pgs_id)::name, format('refresh_%s_as_owner', t.pgs_id)::name)) < 3
  UNION ALL
  SELECT 'orphans', 'WARNING', format('%s %s', lower(g.kind), g.label)
  FROM generated g
  WHERE CASE WHEN g.schema = 'pgstream_changes'::regnamespace THEN
      substring(g.name, '^(?:changes|capture)_([0-9]+)(?:_|$)') IS NOT NULL
      AND NOT EXISTS (SELECT FROM pgstream.pgs_change_tracking k WHERE k.source_relid::text = substring(g.name, '^(?:changes|capture)_([0-9]+)(?:_|$)'))
    ELSE substring(g.name, '^(?:gate|refresh|state)_([0-9]+)(?:_|$)') IS NOT NULL
      AND NOT EXISTS (SELECT FROM tables t WHERE t.pgs_id::text = substring(g.name, '^(?:gate|refresh|state)_([0-9]+)(?:_|$)')) END
  UNION ALL
  SELECT 'missing_indexes', 'WARNING', format('%s reads all of %s', t.label, string_agg(DISTINCT pgstream._qualified_name(c.oid), ', '))
  FROM tables t CROSS JOIN LATERAL jsonb_array_elements(t.missing_indexes) AS m
  JOIN pg_class c ON c.oid = (m ->> 'relation')::oid
  -- Reading 64 pages takes less time than anybody notices.
  WHERE t.missing_indexes <> '[]' AND greatest(c.relpages, pg_relation_size(c.oid) / current_setting('block_size')::integer) > 64
  GROUP BY t.label
  UNION ALL
  SELECT 'long_transactions', 'WARNING', format('prepared transaction %L, for %s s', x.gid, extract(epoch FROM clock_timestamp() - x.prepared)::bigint)
  FROM pg_prepared_xacts x WHERE x.database = current_database() AND x.prepared < clock_timestamp() - interval '5 minutes'
  UNION ALL
  SELECT 'long_transactions', 'WARNING', format('process %s, %s, for %s s', a.pid, a.state, extract(epoch FROM clock_timestamp() - a.xact_start)::bigint)
  FROM pg_stat_activity a
  WHERE a.datname = current_database() AND a.xact_start < clock_timestamp() - interval '5 minutes'
    AND (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL) AND a.pid <> pg_backend_pid()
  UNION ALL
  SELECT 'slots', 'WARNING', format('slot %I keeps %s of WAL and nobody reads it', s.slot_name, pg_size_pretty(s.retained_wal_bytes))
  FROM pgstream.slot_health() AS s WHERE NOT s.active AND s.retained_wal_bytes > 1073741824
$$;
