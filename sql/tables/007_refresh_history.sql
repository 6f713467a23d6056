-- What every refresh did and why. No foreign key: its check would lock the stream table's catalog row each time.
CREATE TABLE pgstream.pgs_refresh_history (
  refresh_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pgs_id bigint NOT NULL,
  data_timestamp timestamptz,
  start_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  end_time timestamptz,
  action text NOT NULL CHECK (action IN ('NO_DATA', 'FULL', 'DIFFERENTIAL', 'REINITIALIZE', 'SKIP')),
  status text NOT NULL CHECK (status IN ('RUNNING', 'COMPLETED', 'FAILED', 'SKIPPED')),
  rows_inserted bigint NOT NULL DEFAULT 0,
  rows_updated bigint NOT NULL DEFAULT 0,
  rows_deleted bigint NOT NULL DEFAULT 0,
  duration_ms double precision,
  -- The kind of error only: its words may show values of tables that the reader must not see (pgstream._error_texts).
  error_message text,
  initiated_by text NOT NULL DEFAULT 'MANUAL' CHECK (initiated_by IN ('SCHEDULER', 'MANUAL', 'INITIAL')),
  reason text
);
CREATE INDEX pgs_refresh_history_recent ON pgstream.pgs_refresh_history (pgs_id, refresh_id);

COMMENT ON TABLE pgstream.pgs_refresh_history IS 'every refresh: what it did, how long it took, and why it was done that way';
