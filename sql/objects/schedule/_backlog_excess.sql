-- requires: refresh/_refresh_targets
-- Why the changes that are kept for a stream table are worth less than computing it anew; NULL while they are worth it: when
-- AUTO would recompute anyway, by what it has measured, or when a source has more changes than rows, or larger ones.
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
  SELECT format('about %s changes (%s) of %s, which has about %s rows (%s)', u.n, pg_size_pretty(b.bytes),
    pgstream._qualified_name(b.source_relid), x.rows, pg_size_pretty(x.bytes))
  INTO reason
  FROM unnest(sources, pending) AS u(source_relid, n)
  JOIN pgstream._buffer_bytes b USING (source_relid) JOIN pgstream.pgs_change_tracking t USING (source_relid)
  CROSS JOIN LATERAL (
    SELECT sum(pg_table_size(r.oid))::bigint AS bytes,
      sum(r.reltuples / greatest(r.relpages, 1) * pg_relation_size(r.oid) / current_setting('block_size')::integer)::bigint AS rows
    FROM unnest(t.carriers) AS c JOIN pg_class r ON r.oid = c WHERE r.relkind = 'r') AS x
  -- What was never analyzed is known by its size alone.
  WHERE u.n > 0 AND (b.bytes > x.bytes OR u.n > x.rows AND x.rows > 0)
  ORDER BY u.n DESC LIMIT 1;
  RETURN coalesce(reason, (pgstream._choose_action(target, sources, pending || 0::bigint)).reason);
END
$$;
