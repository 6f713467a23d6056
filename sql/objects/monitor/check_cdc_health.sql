-- The capture of each source: how, how much has been captured and not yet removed, and what is wrong with it (NULL:
-- nothing). The columns about slots are NULL while changes are captured by triggers.
CREATE OR REPLACE FUNCTION pgstream.check_cdc_health()
RETURNS TABLE (
  source_relid oid, source_table text, cdc_mode text, slot_name text, lag_bytes bigint, confirmed_lsn text, alert text,
  buffer_bytes bigint, trigger_level text, readers bigint
)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  WITH triggers AS MATERIALIZED (
    SELECT i.source_oid, count(*) FILTER (WHERE NOT i.present) AS missing, count(*) FILTER (WHERE i.present AND NOT i.enabled) AS disabled
    FROM pgstream.trigger_inventory() AS i WHERE i.trigger_type LIKE 'CAPTURE%' GROUP BY i.source_oid
  ), readers AS MATERIALIZED (
    SELECT d.source_relid, count(*) AS n FROM pgstream.pgs_dependencies d WHERE d.is_captured GROUP BY d.source_relid
  )
  SELECT t.source_relid, coalesce(c.label, 'dropped table ' || t.source_relid), t.mode, NULL::text,
    NULL::bigint, NULL::text,
    CASE WHEN NOT (SELECT pgstream._is_home()) THEN 'waits for restore_stream_tables()' ELSE nullif(concat_ws('; ',
      CASE WHEN c.relid IS NULL THEN 'the table is gone' END,
      CASE WHEN g.missing > 0 THEN g.missing || ' capture triggers are missing' END,
      CASE WHEN g.disabled > 0 THEN g.disabled || ' capture triggers are disabled' END,
      CASE WHEN b.bytes IS NULL THEN 'the change buffer is missing' END,
      CASE WHEN t.is_retired THEN 'no stream table reads it: its triggers do nothing, and are dropped when nobody uses the table'
        WHEN r.n IS NULL THEN 'no stream table reads it' END,
      CASE WHEN b.bytes / 48 > (SELECT pgstream._setting('pg_stream.buffer_alert_threshold')::bigint) THEN
        'the change buffer has grown to ' || pg_size_pretty(b.bytes) END), '') END,
    b.bytes, t.trigger_level, coalesce(r.n, 0)
  FROM pgstream.pgs_change_tracking t
  LEFT JOIN pgstream._relation_names c ON c.relid = t.source_relid
  LEFT JOIN triggers g ON g.source_oid = t.source_relid
  LEFT JOIN pgstream._buffer_bytes b ON b.source_relid = t.source_relid
  LEFT JOIN readers r ON r.source_relid = t.source_relid
  ORDER BY 2
$$;
