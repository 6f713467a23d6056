-- One row per TRUNCATE of a captured source: what it removed is not known row by row, so its readers are computed anew.
-- Apart from the change buffers, because every refresh asks for it and it is nearly always empty.
CREATE TABLE pgstream.truncations (
  source_relid oid NOT NULL,
  xid bigint NOT NULL,
  seq bigint NOT NULL
);

COMMENT ON TABLE pgstream.truncations IS 'truncations of source tables that a stream table has yet to follow';
