-- Of what moment the content of every stream table is. It shows the ordinary tables below it as they were then: what it
-- reads through other stream tables cannot be younger than these are, and a group is of one moment. NULL where nobody can say:
-- it or one that it reads was not filled yet, or restored from a dump and waiting for restore_stream_tables(), whose transactions
-- are those of another database.
CREATE OR REPLACE FUNCTION pgstream._freshness() RETURNS TABLE (pgs_id bigint, data_timestamp timestamptz)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  WITH standing AS MATERIALIZED (SELECT * FROM pgstream._standing()),
  oldest AS (
    SELECT s.pgs_id, min(coalesce(b.exact_at, '-infinity')) AS exact_at
    FROM standing s CROSS JOIN unnest(s.ancestors) AS a(relid) JOIN standing b ON b.relid = a.relid GROUP BY s.pgs_id
  ), own AS (
    SELECT s.pgs_id, CASE WHEN s.exact_at IS NOT NULL AND h.is_home THEN nullif(least(s.exact_at, o.exact_at), '-infinity') END AS data_timestamp
    FROM (SELECT pgstream._is_home() AS is_home OFFSET 0) AS h CROSS JOIN standing s LEFT JOIN oldest o USING (pgs_id)
  )
  SELECT o.pgs_id, CASE WHEN o.data_timestamp IS NOT NULL THEN min(o.data_timestamp) OVER (PARTITION BY coalesce(g.group_id, o.pgs_id)) END
  FROM own o LEFT JOIN pgstream.graph g USING (pgs_id)
$$;
