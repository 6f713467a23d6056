-- The query of a copy: the columns of a relation that the caller may read, in their order. Those that copy `id` has already
-- stay what they are called there, before the others. Refuses what needs no copy or cannot have one.
CREATE OR REPLACE FUNCTION pgstream._copy_query(source oid, id bigint) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  relation pg_class;
  columns text;
BEGIN
  SELECT * INTO STRICT relation FROM pg_class c WHERE c.oid = source;
  IF relation.relkind NOT IN ('r', 'p', 'm', 'f') OR relation.relpersistence = 't' THEN
    RAISE EXCEPTION 'cannot compare "%"', relation.relname
      USING ERRCODE = 'wrong_object_type',
        DETAIL = CASE WHEN relation.relpersistence = 't' THEN 'It is temporary.' ELSE 'It is neither a table nor a materialized view.' END,
        HINT = CASE WHEN relation.relkind = 'v' THEN 'A view is seen through: have the foreign tables and materialized views in it compared.' END;
  -- One that is there is kept up with its source, whatever that needs by now.
  ELSIF id IS NULL AND pgstream._capture_obstacle(source, ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped)) IS NULL
    AND NOT row_security_active(source) THEN
    RAISE EXCEPTION 'table "%" need not be compared', relation.relname
      USING ERRCODE = 'wrong_object_type', DETAIL = 'Triggers can capture its changes.', HINT = 'Define the stream table over it as it is.';
  END IF;
  columns := (
    WITH kept AS (
      SELECT (l ->> 'attnum')::smallint AS attnum, (l ->> 'column')::integer AS place, s.columns #>> ARRAY[((l ->> 'column')::integer - 1)::text, 'name'] AS name
      FROM pgstream.pgs_stream_tables s, jsonb_array_elements(s.plan -> 'lineage') AS l
      WHERE s.pgs_id = id AND (l ->> 'relation')::oid = source AND l ->> 'kind' = 'copied'
    )
    SELECT string_agg(CASE WHEN n.name = a.attname THEN format('%I', a.attname) ELSE format('%I AS %I', a.attname, n.name) END, ', '
      ORDER BY k.place, a.attnum)
    FROM pg_attribute a LEFT JOIN kept k USING (attnum)
    CROSS JOIN LATERAL (
      SELECT coalesce(k.name, CASE WHEN a.attname IN (SELECT o.name FROM kept o) THEN format('%s_%s', left(a.attname, 50), a.attnum) ELSE a.attname END)
    ) AS n(name)
    WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(source, a.attnum, 'SELECT'));
  IF columns IS NULL THEN
    RAISE EXCEPTION 'permission denied for table %', relation.relname
      USING ERRCODE = 'insufficient_privilege', HINT = format('GRANT SELECT ON %s TO %I.', pgstream._qualified_name(source), current_user);
  END IF;
  RETURN format('SELECT %s FROM %s', columns, pgstream._qualified_name(source));
END
$$;
