-- Moves the frontier to the snapshot that a refresh has read. In the refresh's own transaction, so that data and frontier
-- move together. The sequence is read after the refresh statement: everything this transaction had captured when that
-- statement ran has a smaller number, everything it captures later a greater one. Nothing is captured in between: the
-- refresh writes no source.
--
-- One thing may be read before it is captured: rows that the very statement around the refresh has written (WITH … UPDATE
-- … SELECT refresh_stream_table(…)), because triggers fire at its end. So the sources are noted as consumed in this
-- statement, and a capture that still comes in it notes a truncation, which makes the next refresh compute anew
-- (pgstream._generate_capture).
CREATE OR REPLACE FUNCTION pgstream._advance(id bigint, snapshot pg_snapshot, as_of timestamptz, duration_ms double precision)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE pgstream.frontiers f
  SET snapshot = _advance.snapshot, own_xid = pg_current_xact_id()::text::bigint,
    own_seq = (SELECT last_value FROM pgstream.change_seq),
    data_timestamp = as_of, last_refresh_at = clock_timestamp(), last_duration_ms = duration_ms,
    system_identifier = pgstream._cluster(), skips = 0, retry_at = NULL, waiting_for = NULL
  WHERE f.pgs_id = id;
  SELECT set_config('pg_stream.consumed_' || d.source_relid, extract(epoch FROM statement_timestamp())::text, true)
  FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_captured;
$$;
