-- requires: capture/_catalog_rows
-- pgstream._catalog_stamp of all that each of several stream tables relies on (pgstream._recheck_unwatched), in one statement.
CREATE OR REPLACE FUNCTION pgstream._catalog_stamps(ids bigint[]) RETURNS TABLE (pgs_id bigint, stamp numeric)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH relations AS MATERIALIZED (
    SELECT s.pgs_id, r.relid
    FROM pgstream.pgs_stream_tables s
    CROSS JOIN LATERAL (
      SELECT unnest(s.pgs_relid || s.relations || s.views) AS relid
      UNION
      SELECT unnest(k.carriers) FROM pgstream.pgs_change_tracking k WHERE k.source_relid = ANY (s.relations)) AS r
    WHERE s.pgs_id = ANY (ids)
  ), stamps AS MATERIALIZED (
    SELECT d.relid, sum(v.version::text::bigint + 4294967296) AS stamp
    FROM (SELECT DISTINCT r.relid FROM relations r) AS d JOIN pgstream._catalog_rows v USING (relid) GROUP BY d.relid
  )
  SELECT r.pgs_id, sum(s.stamp) FROM relations r JOIN stamps s USING (relid) GROUP BY r.pgs_id
$$;
