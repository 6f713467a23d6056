-- requires: refresh/_refresh_targets
-- Why the changes that are kept for a stream table are worth less than computing it anew; NULL while they are worth it: when
-- AUTO would recompute anyway, by what it has measured, or when there are more changes than rows in all its sources, which would be
-- read then, or they take more room.
CREATE OR REPLACE FUNCTION pgstream._backlog_excess(id bigint) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target pgstream._refresh_targets;
  sources oid[];
  pending bigint[];
  reason text;
BEGIN
  SELECT * INTO target FROM pgstream._refresh_targets t WHERE t.pgs_id = id;
  SELECT r.sources INTO sources FROM pgstream._refresh_rights r WHERE r.pgs_id = id;
  pending := ARRAY(SELECT pgstream._estimate_pending(s, target.frontier) FROM unnest(sources) WITH ORDINALITY AS u(s, i) ORDER BY i);
  SELECT format('about %s changes (%s) of its sources, which have about %s rows (%s)', sum(u.n), pg_size_pretty(sum(b.bytes) FILTER (WHERE u.n > 0)),
    sum(x.rows), pg_size_pretty(sum(x.bytes)))
  INTO reason
  FROM unnest(sources, pending) AS u(source_relid, n)
  JOIN pgstream._buffer_bytes b USING (source_relid) JOIN pgstream.pgs_change_tracking t USING (source_relid)
  CROSS JOIN LATERAL (
    SELECT sum(pg_table_size(r.oid))::bigint AS bytes,
      sum(r.reltuples / greatest(r.relpages, 1) * pg_relation_size(r.oid) / current_setting('block_size')::integer)::bigint AS rows
    FROM unnest(t.carriers) AS c JOIN pg_class r ON r.oid = c WHERE r.relkind = 'r') AS x
  -- What was never analyzed is known by its size alone.
  HAVING sum(b.bytes) FILTER (WHERE u.n > 0) > sum(x.bytes) OR sum(u.n) > sum(x.rows) AND bool_and(x.rows > 0);
  RETURN coalesce(reason, (pgstream._choose_action(target, sources, pending || 0::bigint)).reason);
END
$$;
