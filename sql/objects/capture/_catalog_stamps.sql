-- requires: capture/_catalog_rows
-- requires: capture/_use_rows
-- Which transactions wrote what the catalogs say of all that each stream table relies on, and of itself: another sum when
-- anything of it was altered, told or not (pgstream._recheck_unwatched). Each thing is looked for by itself: a join would
-- read the catalogs whole.
CREATE OR REPLACE FUNCTION pgstream._catalog_stamps(ids bigint[]) RETURNS TABLE (pgs_id bigint, stamp numeric)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY WITH relied AS MATERIALIZED (
    SELECT s.pgs_id, r.object, r.is_used
    FROM pgstream.pgs_stream_tables s
    CROSS JOIN LATERAL (
      SELECT unnest(s.pgs_relid || s.relations || s.views) AS object, false AS is_used
      UNION SELECT unnest(k.carriers), false FROM pgstream.pgs_change_tracking k WHERE k.source_relid = ANY (s.relations)
      UNION SELECT split_part(u, '/', 2)::oid, true FROM unnest(s.uses) AS u) AS r
    WHERE s.pgs_id = ANY (ids)
  ), stamps AS MATERIALIZED (
    SELECT d.object, d.is_used, v.stamp
    FROM (SELECT DISTINCT r.object, r.is_used FROM relied r) AS d
    CROSS JOIN LATERAL (
      SELECT CASE WHEN d.is_used THEN (
          SELECT sum(u.version::text::bigint + 4294967296) FROM pgstream._use_rows u WHERE u.object = d.object)
        ELSE (SELECT sum(c.version::text::bigint + 4294967296) FROM pgstream._catalog_rows c WHERE c.object = d.object) END AS stamp) AS v
  )
  -- And of which tables policies hide rows from it: roles are altered without a word in these catalogs.
  SELECT r.pgs_id, sum(s.stamp) + 0.5 * (
    SELECT count(*) FROM pgstream.pgs_stream_tables t JOIN pg_class o ON o.oid = t.pgs_relid
    CROSS JOIN LATERAL unnest(t.relations) AS u JOIN pg_class c ON c.oid = u
    WHERE t.pgs_id = r.pgs_id AND CASE WHEN c.relrowsecurity THEN pgstream._hides_rows(u, o.relowner, t.views) END)
  FROM relied r JOIN stamps s USING (object, is_used) GROUP BY r.pgs_id;
END
$$;
