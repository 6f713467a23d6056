-- What follows from all definitions together, one row per stream table; computed by pgstream._follow_graph when
-- pgstream.graph_changes says that a definition has come, gone or changed.
CREATE TABLE pgstream.graph (
  pgs_id bigint PRIMARY KEY,
  -- The longest way down to ordinary tables.
  depth integer NOT NULL,
  -- Every relation below: tables and stream tables, however far.
  ancestors oid[] NOT NULL,
  -- The least number in the group that is refreshed together, at one snapshot.
  group_id bigint NOT NULL,
  -- The place of its group in the order of refresh: the longest way down over groups.
  rank integer NOT NULL DEFAULT 0,
  -- It reads no stream table and no other is refreshed together with it.
  is_alone boolean NOT NULL DEFAULT false,
  -- The bound that holds: its own, or, where it is calculated, the tightest of those that read it. NULL: by cron only.
  seconds double precision,
  -- Its own schedule by cron, or, where it is calculated, those of its readers.
  crons text[] NOT NULL,
  -- When the first of these comes next; NULL: to be found out.
  fires_at timestamptz
);
CREATE INDEX graph_group ON pgstream.graph (group_id);

-- Rows are only added by definitions, so that two of them never wait for each other.
CREATE TABLE pgstream.graph_changes (at timestamptz NOT NULL DEFAULT clock_timestamp());

-- Like these: something was marked, resumed or altered that no counter of changes tells of. The next look takes the rows away.
CREATE TABLE pgstream._wakes (at timestamptz NOT NULL DEFAULT clock_timestamp());

COMMENT ON TABLE pgstream.graph IS 'order, groups and bounds of stream tables that follow from all definitions together';
COMMENT ON TABLE pgstream.graph_changes IS 'definitions that pgstream.graph does not show yet';
COMMENT ON TABLE pgstream._wakes IS 'what else the scheduler has yet to look at';
GRANT SELECT ON pgstream.graph, pgstream.graph_changes, pgstream._wakes TO PUBLIC;
