-- Which source tables a stream table reads, and which of their columns.
CREATE TABLE pgstream.pgs_dependencies (
  pgs_id bigint NOT NULL REFERENCES pgstream.pgs_stream_tables ON DELETE CASCADE,
  source_relid oid NOT NULL,
  columns smallint[] NOT NULL,
  -- False where every refresh recomputes: then the changes of the source are of no interest, only its existence.
  is_captured boolean NOT NULL DEFAULT true,
  is_stream_table boolean NOT NULL DEFAULT false,
  -- Of a source that is not captured: what the plan relies on (pgstream._column_fingerprint).
  fingerprint jsonb,
  PRIMARY KEY (pgs_id, source_relid)
);
CREATE INDEX pgs_dependencies_source ON pgstream.pgs_dependencies (source_relid);

COMMENT ON TABLE pgstream.pgs_dependencies IS 'sources of each stream table, with the columns it reads';
