-- requires: schedule/_foreign_locks, monitor/_lacking_indexes
-- What health_check finds wrong: one line per thing. `about` names it; the words go into detail.
CREATE OR REPLACE FUNCTION pgstream._health_facts()
RETURNS TABLE (check_name text, severity text, about text)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  WITH tables AS MATERIALIZED (
    SELECT s.pgs_id, s.pgs_relid, format('%I.%I', s.pgs_schema, s.pgs_name) AS label, s.status, s.last_error, s.broken_reason, s.paused,
      s.consecutive_errors, s.needs_reinit, s.reinit_reason, s.schedule_seconds
    FROM pgstream.pgs_stream_tables s
  ), scheduler AS (
    SELECT w.at FROM pgstream._scheduler_seen w
  ), generated AS MATERIALIZED (
    -- `id`: of the stream table, or the oid of the source. Every stream table has gate_<id>, refresh_<id>_full and
    -- refresh_<id>_as_owner.
    SELECT g.*, g.schema = 'pgstream_changes'::regnamespace AS is_capture,
      CASE WHEN split_part(g.name, '_', 2) ~ '^[0-9]{1,18}$' AND split_part(g.name, '_', 1) IN ('changes', 'capture', 'gate', 'refresh', 'state')
        THEN split_part(g.name, '_', 2)::bigint END AS id
    FROM (
      SELECT 'function' AS kind, p.proname AS name, p.pronamespace AS schema
      FROM pg_proc p WHERE p.pronamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace)
      UNION ALL
      SELECT 'table', c.relname, c.relnamespace
      FROM pg_class c
      WHERE c.relnamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ) AS g
  ), wanting AS MATERIALIZED (
    -- Tables that lack an index, with their partitions' bytes.
    SELECT DISTINCT t.label, m.relation,
      greatest(pg_relation_size(m.relation), (SELECT sum(pg_relation_size(p.relid)) FROM pg_partition_tree(m.relation) AS p)) AS bytes
    FROM tables t JOIN pgstream._lacking_indexes m USING (pgs_id)
    -- Without it a partition is read whole, not its table.
    WHERE m.purpose <> 'near'
  ), buffers AS MATERIALIZED (
    SELECT * FROM pgstream._buffer_bytes
  ), triggers AS MATERIALIZED (
    SELECT * FROM pgstream.trigger_inventory() AS t WHERE NOT t.enabled
  ), rights AS MATERIALIZED (
    SELECT r.* FROM unnest('{pgstream,pgstream_changes,pgstream_state}'::regnamespace[]) AS n, pgstream._wrong_rights(n, '') AS r
  )
  -- On a standby it is the primary's.
  SELECT 'scheduler', 'WARNING', 'pg_stream.enabled is off' WHERE NOT pgstream._is_switched_on()
  UNION ALL
  SELECT 'scheduler', 'ERROR', CASE WHEN s.at = '-infinity' THEN 'no scheduler has run yet'
    ELSE format('no scheduler has run for %s s', extract(epoch FROM clock_timestamp() - s.at)::bigint) END
  FROM scheduler s WHERE pgstream._is_switched_on() AND s.at < clock_timestamp() - interval '1 minute' AND EXISTS (SELECT FROM tables)
  UNION ALL
  SELECT 'broken', 'ERROR', t.label || coalesce(': ' || t.broken_reason, '') FROM tables t WHERE t.status = 'ERROR'
  UNION ALL
  SELECT 'suspended', CASE WHEN t.last_error IS NULL THEN 'WARNING' ELSE 'ERROR' END,
    t.label || CASE WHEN t.paused THEN ' (pause_all)' WHEN t.last_error IS NULL THEN ' (by its owner)' ELSE ': ' || t.last_error END
      || CASE WHEN t.needs_reinit THEN format(', to be computed anew (%s)', t.reinit_reason) ELSE '' END
  FROM tables t WHERE t.status = 'SUSPENDED'
  UNION ALL
  SELECT 'failing', 'WARNING', format('%s: %s times, %s', t.label, t.consecutive_errors, t.last_error) || coalesce((
    SELECT format(' (and holds %s)', string_agg(h.label, ', ' ORDER BY h.label))
    FROM pgstream.graph g JOIN pgstream.graph o USING (group_id) JOIN tables h ON h.pgs_id = o.pgs_id
    WHERE g.pgs_id = t.pgs_id AND h.pgs_id <> t.pgs_id AND h.status NOT IN ('SUSPENDED', 'ERROR')
    HAVING count(*) > 0), '')
  FROM tables t WHERE t.consecutive_errors > 0 AND t.status NOT IN ('SUSPENDED', 'ERROR')
  UNION ALL
  SELECT 'waiting', 'WARNING', format('%s: %s', t.label, f.waiting_for)
  FROM tables t JOIN pgstream.frontiers f USING (pgs_id)
  WHERE f.waiting_for IS NOT NULL AND t.status NOT IN ('SUSPENDED', 'ERROR')
  UNION ALL
  SELECT 'waiting', 'WARNING', format('%s: %s', t.label, k.words)
  FROM pgstream._kept_by_prepared() k JOIN tables t USING (pgs_id) JOIN pgstream.frontiers f USING (pgs_id)
  WHERE f.waiting_for IS NULL AND t.status NOT IN ('SUSPENDED', 'ERROR')
  UNION ALL
  SELECT 'stale', 'WARNING', format('%s: %s s old, schedule %s', t.label, x.staleness::bigint, x.schedule)
    || CASE WHEN g.seconds IS DISTINCT FROM t.schedule_seconds THEN coalesce(format(' (%s s for those that read it or are of its group)', g.seconds), '') ELSE '' END
    || coalesce(', and ' || pgstream._cron_below(t.pgs_id, g.ancestors), '')
  FROM pgstream._stale() AS x JOIN tables t ON t.pgs_id = x.id JOIN pgstream.graph g USING (pgs_id) WHERE NOT x.is_over AND x.status NOT IN ('SUSPENDED', 'ERROR')
  UNION ALL
  SELECT 'reinitialize', 'WARNING', t.label || coalesce(': ' || t.reinit_reason, '')
  FROM tables t WHERE t.needs_reinit AND t.status NOT IN ('SUSPENDED', 'ERROR')
  UNION ALL
  SELECT 'buffer_growth', 'WARNING', format('%s: %s', pgstream._qualified_name(b.source_relid), pg_size_pretty(b.bytes))
  FROM buffers b
  -- A change that is not packed takes 48 bytes at least; of the others the alert knows.
  WHERE b.bytes / 48 > (SELECT pgstream._setting('pg_stream.buffer_alert_threshold')::bigint)
    OR EXISTS (SELECT FROM pgstream.open_alerts a WHERE a.event = 'buffer_growth_warning' AND a.relid = b.source_relid)
  UNION ALL
  SELECT 'capture', 'ERROR', CASE WHEN t.present THEN format('trigger %I on %s is disabled', t.trigger_name, t.on_table)
    WHEN t.trigger_type = 'GUARD' THEN format('the guard of %s is missing', t.on_table)
    ELSE format('trigger %I on %s is missing', t.trigger_name, t.on_table) END
  FROM triggers t WHERE t.trigger_type <> 'EVENT'
  UNION ALL
  SELECT 'capture', 'ERROR', format('the change buffer of %s is missing', coalesce(pgstream._qualified_name(k.source_relid), k.source_relid::text))
  FROM pgstream.pgs_change_tracking k LEFT JOIN buffers b USING (source_relid) WHERE b.bytes IS NULL AND NOT k.is_retired
  UNION ALL
  SELECT 'capture', 'ERROR', format('the counter of changes of %s is missing', coalesce(pgstream._qualified_name(k.source_relid), k.source_relid::text))
  FROM pgstream.pgs_change_tracking k LEFT JOIN pg_class c ON c.oid = k.counter::oid WHERE c.oid IS NULL AND NOT k.is_retired
  UNION ALL
  SELECT 'event_triggers', 'WARNING', t.trigger_name || CASE WHEN t.present THEN ' is disabled' ELSE ' is missing' END
  FROM triggers t WHERE t.trigger_type = 'EVENT'
  UNION ALL
  SELECT 'generated', 'ERROR', t.label
  FROM tables t LEFT JOIN (
    SELECT g.id, count(*) AS n FROM generated g
    WHERE g.kind = 'function' AND NOT g.is_capture AND split_part(g.name, '_', 3) IN ('', 'full', 'as') GROUP BY g.id
  ) AS f ON f.id = t.pgs_id
  -- What has lost what its query reads has none until that is back: it stands under `broken`.
  WHERE t.pgs_relid IS NOT NULL AND t.broken_reason IS NULL AND coalesce(f.n, 0) < 3
  UNION ALL
  SELECT 'rights', 'ERROR', format('%s may use %s %s', x.who, lower(r.kind), r.label)
  FROM rights r
  CROSS JOIN LATERAL (
    SELECT string_agg(CASE g WHEN 0 THEN 'everybody' ELSE format('role %I', pg_get_userbyid(g)) END, ', ' ORDER BY g) AS who
    FROM unnest(r.strangers) AS g
  ) AS x
  WHERE r.strangers <> '{}'
  UNION ALL
  SELECT 'rights', 'ERROR', format('%s %s is closed to %s', lower(r.kind), r.label,
    CASE WHEN r.caller IS NULL THEN 'everybody' ELSE format('role %I', pg_get_userbyid(r.caller)) END)
  FROM rights r WHERE r.is_lacking
  UNION ALL
  SELECT 'orphans', 'WARNING', format('%s %s.%s', g.kind, g.schema::regnamespace, g.name)
  FROM generated g
  LEFT JOIN tables t ON NOT g.is_capture AND t.pgs_id = g.id
  LEFT JOIN pgstream.pgs_change_tracking k ON g.is_capture AND k.source_relid::bigint = g.id
  WHERE g.id IS NOT NULL AND t.pgs_id IS NULL AND k.source_relid IS NULL
  UNION ALL
  SELECT 'orphans', 'WARNING', format('%s, a stream table without its definition', pgstream._qualified_name(t.tgrelid))
  FROM pg_trigger t LEFT JOIN tables s ON s.pgs_relid = t.tgrelid
  WHERE t.tgfoid = 'pgstream._refuse_write'::regproc AND s.pgs_id IS NULL
  UNION ALL
  SELECT 'orphans', 'WARNING', format('trigger %I on %s, which captures changes of %s', t.name, pgstream._qualified_name(t.relation), pgstream._qualified_name(t.source))
  FROM pgstream._stray_triggers() AS t
  UNION ALL
  SELECT 'missing_indexes', 'WARNING', format('%s reads all of %s', w.label, string_agg(n.label, ', ' ORDER BY n.label))
  FROM wanting w JOIN pgstream._relation_names n ON n.relid = w.relation
  -- Reading 64 pages takes less time than anybody notices.
  WHERE w.bytes > 64 * current_setting('block_size')::integer
  GROUP BY w.label
  UNION ALL
  SELECT 'long_transactions', 'WARNING', format('prepared transaction %L, for %s s', x.gid, extract(epoch FROM clock_timestamp() - x.prepared)::bigint)
  FROM pg_prepared_xacts x WHERE x.database = current_database() AND x.prepared < clock_timestamp() - interval '5 minutes'
  UNION ALL
  SELECT 'long_transactions', 'WARNING', format('process %s, %s, for %s s', a.pid, a.state, extract(epoch FROM clock_timestamp() - a.xact_start)::bigint)
  FROM pg_stat_activity a
  WHERE a.datname = current_database() AND a.xact_start < clock_timestamp() - interval '5 minutes'
    AND (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL) AND a.pid <> pg_backend_pid()
  UNION ALL
  SELECT 'locks', 'WARNING', format('process %s of role %I, connected since %s, holds %s', f.pid, f.usename,
    to_char(f.backend_start, 'YYYY-MM-DD HH24:MI:SS'), count(*))
  -- What was begun or given back a moment ago is only seen in between.
  FROM pgstream._foreign_locks f WHERE f.since < clock_timestamp() - interval '3 seconds' GROUP BY f.pid, f.usename, f.backend_start
  UNION ALL
  SELECT 'slots', 'WARNING', format('slot %I keeps %s of WAL and nobody reads it', s.slot_name, pg_size_pretty(s.retained_wal_bytes))
  FROM pgstream.slot_health() AS s WHERE NOT s.active AND s.retained_wal_bytes > 1073741824
$$;
