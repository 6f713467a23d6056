-- Groups whose members show different moments (pgstream._has_moments): they are due, whatever their schedules. One that lies below
-- and stays behind gives all of them its own moment: then when they were refreshed tells.
CREATE OR REPLACE FUNCTION pgstream._groups_apart() RETURNS SETOF bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT g.group_id
  FROM pgstream.graph g JOIN pgstream.frontiers f USING (pgs_id) JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  WHERE NOT g.is_alone AND s.is_populated AND s.status <> 'SUSPENDED' AND s.broken_reason IS NULL
  GROUP BY g.group_id HAVING min(f.checked_at) < max(f.checked_at) OR min(coalesce(f.data_timestamp, '-infinity')) < max(f.data_timestamp)
$$;
