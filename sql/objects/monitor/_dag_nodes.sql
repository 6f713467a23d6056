-- What explain_dag draws: stream tables and what they read, numbered by name, with the state that decides the colour.
-- requires: monitor/_relation_names, graph/_patience
CREATE OR REPLACE VIEW pgstream._dag_nodes AS
SELECT u.*, pg_catalog.row_number() OVER (ORDER BY u.label, u.relid) AS number
FROM (
  SELECT s.pgs_relid AS relid, pg_catalog.format('%I.%I', s.pgs_schema, s.pgs_name) AS label,
    pg_catalog.format('%s, %s', s.refresh_mode, CASE WHEN (SELECT pgstream._is_home()) THEN s.status ELSE 'UNRESTORED' END) AS note,
    f.data_timestamp,
    CASE WHEN s.status OPERATOR(pg_catalog.=) 'ERROR' OR s.last_error IS NOT NULL THEN 'failing'
      WHEN s.status OPERATOR(pg_catalog.=) 'SUSPENDED' THEN 'suspended'
      WHEN NOT s.is_populated OR f.data_timestamp IS NULL THEN 'initializing'
      WHEN EXISTS (SELECT FROM pgstream.open_alerts a WHERE a.event OPERATOR(pg_catalog.=) 'stale_data' AND a.relid OPERATOR(pg_catalog.=) s.pgs_relid)
        OR g.seconds IS NOT NULL AND pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>) (f.data_timestamp OPERATOR(pg_catalog.+)
          pg_catalog.make_interval(secs => 2 OPERATOR(pg_catalog.*) greatest((SELECT p.seconds FROM pgstream._patience p WHERE p.pgs_id OPERATOR(pg_catalog.=) s.pgs_id), 5))) THEN 'stale'
      ELSE 'fresh' END AS state
  FROM pgstream.pgs_stream_tables s LEFT JOIN pgstream._freshness() f USING (pgs_id) LEFT JOIN pgstream.graph g USING (pgs_id)
  WHERE s.pgs_relid IS NOT NULL
  UNION ALL
  SELECT d.source_relid, coalesce(c.label, 'dropped table ' OPERATOR(pg_catalog.||) d.source_relid), NULL, NULL, 'source'
  FROM (SELECT DISTINCT source_relid FROM pgstream.pgs_dependencies) AS d
  LEFT JOIN pgstream._relation_names c ON c.relid OPERATOR(pg_catalog.=) d.source_relid
  WHERE NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid OPERATOR(pg_catalog.=) d.source_relid)
) AS u;
GRANT SELECT ON pgstream._dag_nodes TO PUBLIC;
