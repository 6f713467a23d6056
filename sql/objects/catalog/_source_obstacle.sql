-- Why stream table `id` of `owner` cannot have the changes of these columns of a source captured; `construct` is NULL when
-- it can. Capture puts triggers on the source, so it takes the right that CREATE TRIGGER takes: SELECT alone must not slow
-- down or lock somebody else's table. What is captured for the stream table already stays, as triggers do.
CREATE OR REPLACE FUNCTION pgstream._source_obstacle(
  id bigint, owner name, source oid, columns smallint[],
  OUT construct text, OUT detail text, OUT hint text, OUT is_denied boolean
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  detail := pgstream._capture_obstacle(source, columns) || '.';
  is_denied := detail IS NULL AND NOT has_table_privilege(owner, source, 'TRIGGER') AND NOT EXISTS (
    SELECT FROM pgstream.pgs_dependencies d
    WHERE d.pgs_id = id AND d.source_relid = source AND d.is_captured AND _source_obstacle.columns <@ d.columns);
  IF is_denied THEN
    construct := 'a source without the TRIGGER privilege';
    detail := format('Capturing changes of %s puts triggers on it, and role "%s" owns the stream table.', pgstream._qualified_name(source), owner);
    hint := format('GRANT TRIGGER ON %s TO %I; or use refresh mode FULL, which captures nothing.', pgstream._qualified_name(source), owner);
  ELSIF detail IS NOT NULL THEN
    construct := 'a source whose changes cannot be captured';
    hint := format('Use refresh mode FULL or AUTO, which recomputes the query at each refresh; or have it compared at each refresh: '
      'SELECT pgstream.compare_source(%L).', pgstream._qualified_name(source));
  END IF;
END
$$;
