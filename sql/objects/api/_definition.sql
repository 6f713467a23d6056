-- SQL that creates a stream table again: with the text that the user gave, as long as that still means what it did
-- (pgstream._own_text_holds). One that is recomputed may depend on the settings of the session that defined it; and the
-- constants of any, on those that are not the usual ones. A bound below what is usual brings the setting that allows it.
CREATE OR REPLACE FUNCTION pgstream._definition(target pgstream.pgs_stream_tables) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT concat(
    format(E'SELECT pg_catalog.set_config(''search_path'', %L, false);\n', text.path),
    set.before,
    CASE WHEN target.is_copy AND pgstream._qualified_name(target.relations[1]) IS NOT NULL THEN format(E'SELECT pgstream.compare_source(\n  source => %L,\n  name => %L,\n  schedule => %L\n);\n',
      pgstream._qualified_name(target.relations[1]), label.label, coalesce(target.schedule, 'calculated'))
    ELSE format(E'SELECT pgstream.create_stream_table(\n  name => %L,\n  query => %L,\n  schedule => %L,\n  refresh_mode => %L%s\n);\n',
      label.label, text.query, coalesce(target.schedule, 'calculated'), target.refresh_mode,
      CASE WHEN target.consistency_group IS NOT NULL THEN format(E',\n  consistency_group => %L', target.consistency_group) ELSE '' END) END,
    CASE WHEN target.cdc_mode <> 'auto' THEN
      format(E'SELECT pgstream.alter_stream_table(%L, cdc_mode => %L);\n', label.label, target.cdc_mode) END,
    set.after,
    E'RESET search_path;\n')
  FROM (SELECT format('%I.%I', target.pgs_schema, target.pgs_name) AS label) AS label
  CROSS JOIN (
    SELECT CASE WHEN holds THEN target.defining_query ELSE target.definition END AS query,
      CASE WHEN holds THEN target.defining_search_path ELSE 'pg_catalog, pg_temp' END AS path
    FROM pgstream._own_text_holds(target) AS holds
  ) AS text
  CROSS JOIN (
    SELECT string_agg(format(E'SELECT pg_catalog.set_config(%L, %L, false);\n', s.key, s.value), '' ORDER BY s.key) AS before,
      string_agg(format(E'RESET %s;\n', s.key), '' ORDER BY s.key) AS after
    FROM (
      SELECT 'pg_stream.min_schedule_seconds' AS key, target.schedule_seconds::text AS value WHERE target.schedule_seconds < 1
      UNION ALL SELECT o.key, o.value FROM jsonb_each_text(target.settings) AS o) AS s
    WHERE s.key = 'pg_stream.min_schedule_seconds' OR target.plan ->> 'strategy' = 'FULL' OR s.value IS DISTINCT FROM (SELECT p.reset_val FROM pg_settings p WHERE p.name = s.key)
  ) AS set
$$;
