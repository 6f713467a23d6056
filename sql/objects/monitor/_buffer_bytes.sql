-- Bytes in each change buffer, found all at once: what pgstream._buffer_size says of one.
CREATE OR REPLACE VIEW pgstream._buffer_bytes AS
SELECT t.source_relid, pg_catalog.sum(pg_catalog.pg_relation_size(c.oid) OPERATOR(pg_catalog.+)
  CASE c.reltoastrelid::pg_catalog.int8 WHEN 0 THEN 0 ELSE pg_catalog.pg_relation_size(c.reltoastrelid) END)::bigint AS bytes
FROM pgstream.pgs_change_tracking t
JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) t.buffer::pg_catalog.oid
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.inhrelid
GROUP BY t.source_relid;
GRANT SELECT ON pgstream._buffer_bytes TO PUBLIC;
