-- The class of the locks by which a refresh shows what it does: the oid of a catalog table of ours, which no other
-- program takes.
CREATE OR REPLACE FUNCTION pgstream._progress_class(action text) RETURNS integer
LANGUAGE sql STABLE
AS $$
  SELECT CASE action
    WHEN 'DIFFERENTIAL' THEN 'pgstream.frontiers'::pg_catalog.regclass
    WHEN 'FULL' THEN 'pgstream.pgs_stream_tables'::pg_catalog.regclass
    WHEN 'ENDED' THEN 'pgstream.pgs_dependencies'::pg_catalog.regclass
    WHEN 'TIME' THEN 'pgstream.pgs_change_tracking'::pg_catalog.regclass
    ELSE 'pgstream.truncations'::pg_catalog.regclass END::pg_catalog.oid::pg_catalog.int4
$$;
