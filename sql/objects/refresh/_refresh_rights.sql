-- requires: catalog/_hides_rows
-- What a refresh that has something to do must know once it holds the frontier: whether what it saw before is still so
-- (the versions of pgstream._refresh_targets), and what its owner may do.
CREATE OR REPLACE VIEW pgstream._refresh_rights AS
SELECT s.pgs_id, s.xmin AS version, f.xmin AS frontier_version, c.relowner AS owner,
  -- Captured ones, as in the plan.
  ARRAY(SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.pgs_id = s.pgs_id AND d.is_captured ORDER BY d.source_relid) AS sources,
  -- A source that the owner must not read. A delta reads the change buffers, which stay readable when the right to read a
  -- source is taken away or the stream table gets another owner: so the rights on the sources themselves are asked for.
  (SELECT d.source_relid FROM pgstream.pgs_dependencies d
    WHERE d.pgs_id = s.pgs_id AND NOT has_table_privilege(c.relowner, d.source_relid, 'SELECT')
      AND NOT CASE WHEN 0 >= ALL (d.columns) OR NOT d.is_captured THEN has_any_column_privilege(c.relowner, d.source_relid, 'SELECT')
        ELSE (SELECT bool_and(has_column_privilege(c.relowner, d.source_relid, a, 'SELECT')) FROM unnest(d.columns) AS a WHERE a > 0) END
    LIMIT 1) AS denied_source,
  -- One of which policies hide rows, which they did not when the plan was made: roles are altered without an event.
  (SELECT d.source_relid FROM pgstream.pgs_dependencies d JOIN pg_class t ON t.oid = d.source_relid
    WHERE d.pgs_id = s.pgs_id AND d.is_captured AND CASE WHEN t.relrowsecurity THEN pgstream._hides_rows(t.oid, c.relowner, s.views) END LIMIT 1) AS hidden_source
FROM pgstream.pgs_stream_tables s
JOIN pg_class c ON c.oid = s.pgs_relid
JOIN pgstream.frontiers f ON f.pgs_id = s.pgs_id;
