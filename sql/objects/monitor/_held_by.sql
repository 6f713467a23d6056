-- Which other members of its group keep a stream table from being refreshed, and by what: failures (their kind, which
-- everybody may know), or what they wait for. NULL when none does.
CREATE OR REPLACE FUNCTION pgstream._held_by(id bigint) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(format('held by %I.%I: %s', m.pgs_schema, m.pgs_name, coalesce(f.waiting_for, m.last_error)), '; ' ORDER BY m.pgs_id)
  FROM pgstream.pgs_stream_tables s
  JOIN pgstream.graph g ON g.pgs_id = s.pgs_id
  JOIN pgstream.graph o ON o.group_id = g.group_id AND o.pgs_id <> g.pgs_id
  JOIN pgstream.pgs_stream_tables m ON m.pgs_id = o.pgs_id
  JOIN pgstream.frontiers f ON f.pgs_id = m.pgs_id
  WHERE s.pgs_id = id AND NOT g.is_alone
    AND s.status IN ('INITIALIZING', 'ACTIVE') AND s.broken_reason IS NULL
    -- The others go on without those that are suspended or broken.
    AND m.status IN ('INITIALIZING', 'ACTIVE') AND m.broken_reason IS NULL
    AND coalesce(f.waiting_for, m.last_error) IS NOT NULL
$$;
