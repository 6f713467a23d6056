-- Why the changes of a stream table's sources are not all in their buffers.
CREATE OR REPLACE FUNCTION pgstream._truncation_reason(id bigint, frontier pgstream.frontiers) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((
    SELECT t.reason FROM pgstream.truncations t JOIN pgstream.pgs_dependencies d USING (source_relid)
    WHERE d.pgs_id = id AND d.is_captured
      AND (t.xid >= pg_snapshot_xmax(frontier.snapshot)::text::bigint OR t.xid = ANY (pgstream._frontier_ids(frontier.snapshot, frontier.own_xid)))
      AND (t.xid <> frontier.own_xid OR t.seq > frontier.own_seq)
    ORDER BY t.seq LIMIT 1), 'a source table was truncated')
$$;
