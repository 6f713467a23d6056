-- The columns of a view, in order (OutputFacts).
CREATE OR REPLACE FUNCTION pgstream._output_facts(view oid) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
      'name', a.attname, 'type', a.atttypid::bigint, 'typmod', a.atttypmod,
      'collation', a.attcollation::bigint, 'sql', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum), '[]')
  FROM pg_attribute a
  WHERE a.attrelid = view AND a.attnum > 0 AND NOT a.attisdropped
$$;
