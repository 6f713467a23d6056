-- Which stream tables rely on something of which the catalogs say another thing than when a refresh, or pgstream._follow_unseen,
-- last looked; nearly always an event trigger has followed it since. Some at a time: who asks comes back.
CREATE OR REPLACE FUNCTION pgstream._altered() RETURNS bigint[]
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  WITH asked AS MATERIALIZED (
    SELECT s.pgs_id, l.stamp
    FROM pgstream.pgs_stream_tables s JOIN pgstream._catalog_looks l USING (pgs_id)
    WHERE s.is_populated AND (s.broken_reason IS NULL OR s.is_obstructed) AND s.status <> 'SUSPENDED'
  ), differing AS MATERIALIZED (
    SELECT a.pgs_id, a.stamp
    FROM asked a LEFT JOIN pgstream._catalog_stamps(ARRAY(SELECT o.pgs_id FROM asked o)) AS now USING (pgs_id)
    WHERE a.stamp IS DISTINCT FROM now.stamp
  )
  SELECT ARRAY(
    (SELECT d.pgs_id FROM differing d WHERE d.stamp IS NOT NULL ORDER BY d.pgs_id LIMIT 100)
    -- Not looked at since they were made, perhaps a thousand of them.
    UNION ALL (SELECT d.pgs_id FROM differing d WHERE d.stamp IS NULL ORDER BY d.pgs_id LIMIT 10)
    -- Dropped, whatever became of it before.
    UNION ALL (SELECT s.pgs_id FROM pgstream.pgs_stream_tables s WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = s.pgs_relid) LIMIT 100))
$$;
