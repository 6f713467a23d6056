-- What a query that is recomputed reads: it must still be found when it is dropped or altered, or is another stream table.
CREATE OR REPLACE FUNCTION pgstream._install_dependencies(id bigint) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  DELETE FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND NOT d.is_captured;
  INSERT INTO pgstream.pgs_dependencies (pgs_id, source_relid, columns, is_captured, is_stream_table, fingerprint)
  SELECT id, r.oid, coalesce(read.columns, '{}'), false, EXISTS (SELECT FROM pgstream.pgs_stream_tables t WHERE t.pgs_relid = r.oid),
    pgstream._column_fingerprint(id, r.oid, coalesce(read.columns, '{}'))
  FROM pgstream.pgs_stream_tables s
  CROSS JOIN unnest(s.relations) AS r(oid)
  LEFT JOIN LATERAL (
    SELECT ARRAY(SELECT c::smallint FROM jsonb_array_elements_text(e -> 'columns') AS c) AS columns
    FROM jsonb_array_elements(s.plan -> 'reads') AS e WHERE (e ->> 'relation')::oid = r.oid
  ) AS read ON true
  WHERE s.pgs_id = id AND s.plan ->> 'strategy' = 'FULL'
  ON CONFLICT DO NOTHING
$$;
