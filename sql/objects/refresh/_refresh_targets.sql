-- requires: refresh/_cluster
-- What a refresh must know of a stream table before it starts, in one look and without the large columns. A version changes
-- whenever anybody writes the row: a mark that came after we looked is not ours to remove.
CREATE OR REPLACE VIEW pgstream._refresh_targets AS
SELECT s.pgs_id, s.pgs_schema, s.pgs_name, s.pgs_relid, s.strategy, s.refresh_mode, s.is_populated, s.needs_reinit,
  s.reinit_reason, s.needs_replan, s.broken_reason, s.xmin AS version, s.status, s.consecutive_errors, s.is_copy,
  s.cached_limit,
  c.relowner AS owner,
  f AS frontier,
  f.xmin AS frontier_version,
  l.looked_at,
  f.system_identifier = pgstream._cluster() AS is_of_this_cluster,
  -- pgstream._ddl_is_watched
  (SELECT count(*) = 2 FROM pg_event_trigger e
    WHERE e.evtname IN ('pg_stream_ddl', 'pg_stream_drop') AND e.evtenabled IN ('O', 'A')
      AND coalesce(current_setting('event_triggers', true), 'on') = 'on') AS is_watched,
  EXISTS (SELECT FROM pg_publication) AS may_be_published
FROM pgstream.pgs_stream_tables s
LEFT JOIN pg_class c ON c.oid = s.pgs_relid
LEFT JOIN pgstream.frontiers f ON f.pgs_id = s.pgs_id
LEFT JOIN pgstream._catalog_looks l ON l.pgs_id = s.pgs_id;
