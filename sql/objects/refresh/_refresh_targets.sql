-- What a refresh must know of a stream table before it starts, without the large columns. `version` changes whenever
-- anybody writes the row: a mark that came after we looked is not ours to remove.
CREATE OR REPLACE VIEW pgstream._refresh_targets AS
SELECT s.pgs_id, s.pgs_schema, s.pgs_name, s.pgs_relid, s.strategy, s.refresh_mode, s.is_populated, s.needs_reinit,
  s.reinit_reason, s.needs_replan, s.broken_reason, s.xmin AS version
FROM pgstream.pgs_stream_tables s;
