-- Every trigger that pg_stream relies on, present or not: CAPTURE on each table that holds rows of a source, GUARD on
-- each stream table, and EVENT, the two that follow DDL. What is not present and enabled, repair_stream_table puts
-- back; the event triggers, pg-stream upgrade by a superuser.
CREATE OR REPLACE FUNCTION pgstream.trigger_inventory()
RETURNS TABLE (
  source_table text, source_oid oid, trigger_name text, trigger_type text, present boolean, enabled boolean, on_table text
)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH captures AS MATERIALIZED (
    -- A name may have been changed; the function tells.
    SELECT t.tgrelid, t.tgname, t.tgenabled = 'A' AND (t.tgqual IS NULL OR p.proname LIKE E'%\\_moved') AS enabled, p.proname
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE p.pronamespace = 'pgstream_changes'::regnamespace AND NOT t.tgisinternal AND t.tgparentid = 0
  ), expected AS (
    SELECT k.source_relid, s.label AS source, c.relid AS carrier, c.label, e.event
    FROM pgstream.pgs_change_tracking k
    CROSS JOIN LATERAL unnest(k.carriers) AS u(oid)
    JOIN pgstream._relation_names c ON c.relid = u.oid
    LEFT JOIN pgstream._relation_names s ON s.relid = k.source_relid
    CROSS JOIN LATERAL unnest(CASE WHEN k.trigger_level = 'STATEMENT' AND c.relkind = 'p' THEN '{insert,update,delete,truncate,moved}'::text[]
      WHEN k.trigger_level = 'STATEMENT' AND c.relid = k.source_relid AND -6 = ANY (k.columns) THEN '{insert,update,delete,truncate,own}'
      WHEN k.trigger_level = 'STATEMENT' THEN '{insert,update,delete,truncate}'
      WHEN c.relkind = 'p' THEN '{truncate}' ELSE '{row,truncate}' END) AS e(event)
    WHERE NOT k.is_retired
  )
  SELECT e.source, e.source_relid,
    coalesce(t.tgname::text, format('pgstream_capture_%s_%s', e.source_relid, e.event)), 'CAPTURE ' || upper(e.event),
    t.tgname IS NOT NULL, coalesce(t.enabled, false), e.label
  FROM expected e
  LEFT JOIN captures t ON t.tgrelid = e.carrier AND t.proname = format('capture_%s_%s', e.source_relid, e.event)::name
  UNION ALL
  SELECT format('%I.%I', s.pgs_schema, s.pgs_name), s.pgs_relid, 'pgstream_guard', 'GUARD', t.tgname IS NOT NULL,
    coalesce(t.tgenabled = 'A', false), format('%I.%I', s.pgs_schema, s.pgs_name)
  FROM pgstream.pgs_stream_tables s
  LEFT JOIN pg_trigger t ON t.tgrelid = s.pgs_relid AND t.tgfoid = 'pgstream._refuse_write'::regproc
  WHERE s.pgs_relid IS NOT NULL
  UNION ALL
  SELECT NULL, NULL, n, 'EVENT', t.evtname IS NOT NULL, coalesce(t.evtenabled IN ('O', 'A'), false), NULL
  FROM unnest('{pg_stream_ddl,pg_stream_drop}'::text[]) AS n LEFT JOIN pg_event_trigger t ON t.evtname = n::name
  ORDER BY 4, 1, 7, 3
$$;
