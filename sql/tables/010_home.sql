-- One row: the place where what this catalog says of objects and transactions is true. A dump takes the row along, and
-- what it says does not hold where it is restored: there this table has another oid, the row another writer, the
-- cluster (nearly always) another identifier.
CREATE TABLE pgstream._home (
  -- The oid of this table.
  catalog oid NOT NULL,
  -- The xmin of this row.
  writer xid NOT NULL,
  system_identifier bigint NOT NULL,
  -- Of PostgreSQL: a pg_node_tree is of one major version.
  major_version integer NOT NULL
);

COMMENT ON TABLE pgstream._home IS 'by which pg_stream notices that its catalog was restored from a dump';
GRANT SELECT ON pgstream._home TO PUBLIC;
