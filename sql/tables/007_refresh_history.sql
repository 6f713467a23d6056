-- What every refresh did and why. No foreign key: its check would lock the stream table's catalog row each time. No CHECK
-- either: three of them cost 16 µs per refresh, more than the row itself, and our functions alone write here.
CREATE TABLE pgstream.pgs_refresh_history (
  refresh_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pgs_id bigint NOT NULL,
  data_timestamp timestamptz,
  start_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  end_time timestamptz,
  -- FULL, DIFFERENTIAL, REINITIALIZE, SKIP
  action text NOT NULL,
  -- COMPLETED, FAILED, SKIPPED
  status text NOT NULL,
  rows_inserted bigint NOT NULL DEFAULT 0,
  rows_updated bigint NOT NULL DEFAULT 0,
  rows_deleted bigint NOT NULL DEFAULT 0,
  duration_ms double precision,
  -- The kind of error only: its words may show values of tables that the reader must not see (pgstream._error_texts).
  error_message text,
  -- SCHEDULER, MANUAL, INITIAL
  initiated_by text NOT NULL DEFAULT 'MANUAL',
  reason text
);
CREATE INDEX pgs_refresh_history_recent ON pgstream.pgs_refresh_history (pgs_id, refresh_id);

COMMENT ON TABLE pgstream.pgs_refresh_history IS 'every refresh: what it did, how long it took, and why it was done that way';
