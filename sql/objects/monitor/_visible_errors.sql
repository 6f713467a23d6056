-- The words of errors, for those who have the rights of the stream table's owner, and for pg_read_all_stats. A view runs
-- with the rights of its owner, but current_user in it is who asks; the barrier keeps functions of theirs from seeing more.
CREATE OR REPLACE VIEW pgstream._visible_errors WITH (security_barrier = true) AS
SELECT e.refresh_id, h.pgs_id, h.status, e.message
FROM pgstream._error_texts e
JOIN pgstream.pgs_refresh_history h ON h.refresh_id OPERATOR(pg_catalog.=) e.refresh_id
WHERE pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
  OR EXISTS (
    SELECT FROM pgstream.pgs_stream_tables s JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) s.pgs_relid
    WHERE s.pgs_id OPERATOR(pg_catalog.=) h.pgs_id AND pg_catalog.pg_has_role(c.relowner, 'USAGE'));
GRANT SELECT ON pgstream._visible_errors TO PUBLIC;
