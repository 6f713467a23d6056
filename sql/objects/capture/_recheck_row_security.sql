-- Policies that hold for the owner of a stream table now, and did not: its changes are captured for all rows alike.
CREATE OR REPLACE FUNCTION pgstream._recheck_row_security(id bigint) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pgstream._mark_stream_tables(ARRAY[id], 'replan', format('row-level security of source table %s holds for its owner', pgstream._qualified_name(d.source_relid)))
  FROM pgstream.pgs_dependencies d
  JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  JOIN pg_class o ON o.oid = s.pgs_relid
  JOIN pg_class t ON t.oid = d.source_relid
  WHERE d.pgs_id = id AND d.is_captured AND CASE WHEN t.relrowsecurity THEN pgstream._hides_rows(t.oid, o.relowner, s.views) END
  ORDER BY d.source_relid LIMIT 1
$$;
