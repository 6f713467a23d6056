-- requires: capture/_catalog_rows
-- Which transactions wrote what the catalogs say of all that each stream table relies on, and of itself: another sum when
-- anything of it was altered, told or not (pgstream._recheck_unwatched).
CREATE OR REPLACE FUNCTION pgstream._catalog_stamps(ids bigint[]) RETURNS TABLE (pgs_id bigint, stamp numeric)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY WITH relied AS MATERIALIZED (
    SELECT s.pgs_id, r.object
    FROM pgstream.pgs_stream_tables s
    CROSS JOIN LATERAL (
      SELECT unnest(s.pgs_relid || s.relations || s.views) AS object
      UNION SELECT unnest(k.carriers) FROM pgstream.pgs_change_tracking k WHERE k.source_relid = ANY (s.relations)
      UNION SELECT split_part(u, '/', 2)::oid FROM unnest(s.uses) AS u) AS r
    WHERE s.pgs_id = ANY (ids)
  ), stamps AS MATERIALIZED (
    SELECT d.object, sum(v.version::text::bigint + 4294967296) AS stamp
    FROM (SELECT DISTINCT r.object FROM relied r) AS d JOIN pgstream._catalog_rows v USING (object) GROUP BY d.object
  )
  SELECT r.pgs_id, sum(s.stamp) FROM relied r JOIN stamps s USING (object) GROUP BY r.pgs_id;
END
$$;
