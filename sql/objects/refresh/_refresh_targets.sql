-- What a refresh must know of a stream table before it starts, in one look and without the large columns. A version changes
-- whenever anybody writes the row: a mark that came after we looked is not ours to remove.
CREATE OR REPLACE VIEW pgstream._refresh_targets AS
SELECT s.pgs_id, s.pgs_schema, s.pgs_name, s.pgs_relid, s.strategy, s.refresh_mode, s.is_populated, s.needs_reinit,
  s.reinit_reason, s.needs_replan, s.broken_reason, s.xmin AS version, s.status, s.consecutive_errors,
  c.relowner AS owner,
  f AS frontier,
  f.xmin AS frontier_version,
  -- pgstream._cluster
  f.system_identifier = (pg_control_system()).system_identifier AS is_of_this_cluster,
  -- pgstream._ddl_is_watched; and nothing was altered since pgstream._recheck_unwatched looked last.
  (SELECT count(*) = 2 FROM pg_event_trigger e
    WHERE e.evtname IN ('pg_stream_ddl', 'pg_stream_drop') AND e.evtenabled IN ('O', 'A')
      AND coalesce(current_setting('event_triggers', true), 'on') = 'on')
    AND f.stamp IS NOT DISTINCT FROM stamp.now AS is_watched,
  stamp.now AS stamp
FROM pgstream.pgs_stream_tables s
LEFT JOIN pg_class c ON c.oid = s.pgs_relid
LEFT JOIN pgstream.frontiers f ON f.pgs_id = s.pgs_id
-- Which transactions wrote what the catalogs say of the sources, of their partitions and of the stream table.
CROSS JOIN LATERAL (
  SELECT sum(v.xmin::text::bigint + 4294967296) AS now
  FROM (
    SELECT unnest(s.pgs_relid || s.relations || s.views) AS oid
    UNION
    SELECT unnest(t.carriers) FROM pgstream.pgs_change_tracking t WHERE t.source_relid = ANY (s.relations)
  ) AS r
  CROSS JOIN LATERAL (
    SELECT k.xmin FROM pg_class k WHERE k.oid = r.oid
    UNION ALL SELECT a.xmin FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0
    UNION ALL SELECT t.xmin FROM pg_trigger t WHERE t.tgrelid = r.oid
    UNION ALL SELECT i.xmin FROM pg_index i WHERE i.indrelid = r.oid
    UNION ALL SELECT h.xmin FROM pg_inherits h WHERE h.inhparent = r.oid
    UNION ALL SELECT w.xmin FROM pg_rewrite w WHERE w.ev_class = r.oid
  ) AS v
) AS stamp;
