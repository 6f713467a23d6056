-- What a refresh reads first and writes last: one narrow row per stream table, updated in place (HOT).
CREATE TABLE pgstream.frontiers (
  pgs_id bigint PRIMARY KEY REFERENCES pgstream.pgs_stream_tables ON DELETE CASCADE,
  -- A buffer row is new iff (xid >= xmax(snapshot) OR xid = ANY (xip(snapshot) || own_xid))
  -- AND (xid <> own_xid OR seq > own_seq).
  snapshot pg_snapshot,
  own_xid bigint NOT NULL DEFAULT 0,
  own_seq bigint NOT NULL DEFAULT 0,
  -- The stream table shows the ordinary tables below it as they were at this time; where other stream tables are in
  -- between, that is what these showed.
  data_timestamp timestamptz,
  -- Of a query with conditions on the time, now() as of which they were asked; NULL for any other.
  moment timestamptz,
  -- It was equal to its query over its sources at this time; from here on a bound counts.
  checked_at timestamptz,
  last_refresh_at timestamptz,
  -- What the scheduler has seen when it last looked: the sum of the counters of its sources (pgstream._movements), and the
  -- transactions that were under way, of which any may have been one that they count: at a snapshot, below a number.
  seen numeric,
  doubt pg_snapshot,
  doubt_below bigint,
  -- The scheduler's last try failed for what is in the data, when the stream table's row of the catalog had this version: as long
  -- as it has, and nothing more is counted, the next one would fail, too.
  failed_version xid,
  last_duration_ms double precision,
  -- Of a copy: what told its source's content when it was last compared (pgstream._source_state); NULL where nothing tells.
  source_state text,
  -- Measured costs, exponentially averaged, from which AUTO decides.
  full_ms double precision,
  -- By a refresh. Until then full_ms is what the first fill took, which writes all and compares nothing.
  full_is_measured boolean NOT NULL DEFAULT false,
  delta_ms_fixed double precision,
  -- Per captured source, in ascending order of oid: a customer's change moves all its orders, an order's only itself. In ms
  -- per pgstream._delta_size; not measured yet, NULL or negative: how often the time of computing everything is taken for all
  -- its rows. Then the factor for changes in several sources at once.
  delta_costs double precision[],
  -- In ms per kind of small change, as pgstream._choose_action names it: one supplier of thousands of orders is a small change,
  -- and its delta is none.
  small_ms jsonb,
  -- xids mean something only in the cluster that made them.
  system_identifier bigint,
  -- Tries of the scheduler in a row that something passing prevented (a lock, mostly), when it will try again, and why.
  skips integer NOT NULL DEFAULT 0,
  retry_at timestamptz,
  waiting_for text
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500,
        autovacuum_vacuum_cost_delay = 0);

-- What the catalogs said of all that a stream table reads and of itself (pgstream._catalog_stamps) when a refresh last looked
-- whether something was altered, and when that was found to be so still. Apart from the frontiers: such a note is no movement.
CREATE TABLE pgstream._catalog_looks (
  pgs_id bigint PRIMARY KEY REFERENCES pgstream.pgs_stream_tables ON DELETE CASCADE,
  stamp numeric,
  looked_at timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500,
        autovacuum_vacuum_cost_delay = 0);

COMMENT ON TABLE pgstream.frontiers IS 'up to which snapshot each stream table has consumed its sources, and its measured costs';
COMMENT ON TABLE pgstream._catalog_looks IS 'when a refresh last looked for DDL that nobody told of, and what the catalogs said';
