-- A source that the owner of a stream table must not read; NULL when there is none.
CREATE OR REPLACE FUNCTION pgstream._denied_source(id bigint) RETURNS oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT d.source_relid
  FROM pgstream.pgs_dependencies d
  JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  JOIN pg_class c ON c.oid = s.pgs_relid
  WHERE d.pgs_id = id AND NOT has_table_privilege(c.relowner, d.source_relid, 'SELECT')
    AND NOT CASE WHEN d.columns = '{}' THEN has_any_column_privilege(c.relowner, d.source_relid, 'SELECT')
      ELSE (SELECT bool_and(has_column_privilege(c.relowner, d.source_relid, a, 'SELECT')) FROM unnest(d.columns) AS a) END
  LIMIT 1
$$;
