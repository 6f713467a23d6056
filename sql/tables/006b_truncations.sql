-- One row per change of a captured source that is not known row by row, TRUNCATE above all: its readers are computed anew.
-- Apart from the change buffers, because every refresh asks for it and it is nearly always empty.
CREATE TABLE pgstream.truncations (
  source_relid oid NOT NULL,
  xid bigint NOT NULL,
  seq bigint NOT NULL,
  -- What history gives as the reason.
  reason text NOT NULL DEFAULT 'a source table was truncated'
);

COMMENT ON TABLE pgstream.truncations IS 'truncations of source tables that a stream table has yet to follow';
