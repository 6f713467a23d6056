-- Bytes in each change buffer, found all at once.
CREATE OR REPLACE VIEW pgstream._buffer_bytes AS
SELECT t.source_relid, pg_catalog.sum(pg_catalog.pg_relation_size(i.inhrelid))::bigint AS bytes
FROM pgstream.pgs_change_tracking t JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) t.buffer::pg_catalog.oid
GROUP BY t.source_relid;
GRANT SELECT ON pgstream._buffer_bytes TO PUBLIC;
