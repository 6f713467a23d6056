-- The stream tables that another session is refreshing, as far as it shows (pgstream._show_progress): a scheduler's, or that of
-- somebody with the rights of the stream table's owner. Advisory locks are anybody's to take: those of others count for nothing,
-- or they could keep a stream table from being looked after.
CREATE OR REPLACE FUNCTION pgstream._in_hand() RETURNS SETOF bigint
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.pgs_id
  FROM pg_locks l
  JOIN pgstream.pgs_stream_tables s ON (s.pgs_id % 2147483647)::integer = l.objid::integer
  JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.pid <> pg_backend_pid()
    AND l.classid IN ('pgstream.frontiers'::regclass, 'pgstream.pgs_stream_tables'::regclass, 'pgstream.truncations'::regclass)
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
    AND (pg_has_role(a.usesysid, (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'pgstream'), 'USAGE')
      OR pg_has_role(a.usesysid, (SELECT c.relowner FROM pg_class c WHERE c.oid = s.pgs_relid), 'USAGE'))
$$;
