-- Tables that bear the capture triggers of `source` and are none of its partitions or children any more: DROP TRIGGER waits for
-- who reads them, so it is left to whoever finds nobody there (pgstream._take_off). Not those of DETACH PARTITION …
-- CONCURRENTLY that is not done: older transactions may still write them through their parent. What is written meanwhile to a
-- table that is left behind is noted as "recompute" (pgstream._guard_capture_body).
CREATE OR REPLACE FUNCTION pgstream._left_behind(source oid) RETURNS oid[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
  SELECT coalesce(array_agg(b.relation ORDER BY b.relation), '{}')
  FROM (
    SELECT DISTINCT t.tgrelid AS relation
    FROM pg_proc p
    JOIN pg_depend d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid AND d.classid = 'pg_trigger'::regclass
    JOIN pg_trigger t ON t.oid = d.objid AND t.tgparentid = 0 AND NOT t.tgisinternal
    WHERE p.pronamespace = 'pgstream_changes'::regnamespace AND p.proname = format('capture_%s_truncate', source)
      AND t.tgrelid <> ALL ((SELECT pgstream._descendants(source))::oid[])) AS b
  WHERE NOT EXISTS (
    WITH RECURSIVE above(oid, pending) AS (
      SELECT i.inhparent, i.inhdetachpending FROM pg_inherits i WHERE i.inhrelid = b.relation
      UNION
      SELECT i.inhparent, i.inhdetachpending FROM above a JOIN pg_inherits i ON i.inhrelid = a.oid
    )
    SELECT FROM above a WHERE a.pending)
$$;
