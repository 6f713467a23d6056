-- Gives back what an earlier call in this session has claimed and kept, because it was canceled between two of its statements.
CREATE OR REPLACE FUNCTION pgstream._release_claims() RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE l.mode WHEN 'ShareLock' THEN pg_advisory_unlock_shared(l.classid::integer, l.objid::integer)
    ELSE pg_advisory_unlock(l.classid::integer, l.objid::integer) END
  FROM pg_locks l
  WHERE l.locktype = 'advisory' AND l.pid = pg_backend_pid() AND l.objsubid = 2 AND l.objid <> 0
    AND l.classid IN ('pgstream.graph'::regclass, 'pgstream._scheduler'::regclass, 'pgstream._beats'::regclass)
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
$$;
