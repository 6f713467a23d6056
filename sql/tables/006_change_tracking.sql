-- One row per source table whose changes are captured.
CREATE TABLE pgstream.pgs_change_tracking (
  source_relid oid PRIMARY KEY,
  buffer regclass NOT NULL,
  -- Counts the capturing statements (pgstream._counter_name).
  counter regclass NOT NULL,
  -- attnums of the captured columns, ascending: buffer column c<attnum>.
  columns smallint[] NOT NULL,
  mode text NOT NULL DEFAULT 'TRIGGER' CHECK (mode IN ('TRIGGER', 'TRANSITIONING', 'WAL')),
  -- Statement triggers, or row triggers where a logical replication apply worker writes.
  trigger_level text NOT NULL DEFAULT 'STATEMENT' CHECK (trigger_level IN ('STATEMENT', 'ROW')),
  -- Every relation that bears the triggers: the source itself, its partitions and inheritance children.
  carriers oid[] NOT NULL,
  -- What the generated functions rely on; see pgstream._source_fingerprint.
  fingerprint text NOT NULL,
  -- The files of the carriers, by which ALTER COLUMN … TYPE … USING is told: see pgstream._files.
  files text NOT NULL DEFAULT '',
  -- Nobody reads it any more: the triggers do nothing, and are to be dropped (pgstream._reap_capture).
  is_retired boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE pgstream.pgs_change_tracking IS 'captured source tables: buffer, columns, mode';
