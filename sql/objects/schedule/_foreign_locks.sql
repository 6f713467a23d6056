-- requires: schedule/_statement_mark
-- Advisory locks of the scheduler (slots, and claims of groups) that count as if they were not there, so that nobody is kept from
-- refreshing, and since when. Those of roles that may not run it: any role can take any advisory lock. And those that a session
-- has left behind: a call that is canceled between two of its statements gives nothing back, and a lock of the session is held
-- for as long as that is connected. Who works is in the statement in which it has taken its slot (pgstream._take_slot).
--
-- A session is looked at after its lock, never before: it may have begun meanwhile. Of one that we may not look into, or that does
-- not show what it does (track_activities), nothing is said; a background worker takes what it holds with it.
CREATE OR REPLACE VIEW pgstream._foreign_locks AS
SELECT l.classid, l.objid, l.pid, pg_catalog.pg_get_userbyid(a.usesysid) AS usename, a.backend_start,
  CASE WHEN NOT r.is_ours THEN '-infinity' WHEN a.state OPERATOR(pg_catalog.=) 'active' THEN a.query_start ELSE a.state_change END AS since
FROM pg_catalog.pg_locks l
CROSS JOIN LATERAL pg_catalog.pg_stat_get_activity(l.pid) AS a
CROSS JOIN LATERAL (
  SELECT pg_catalog.pg_has_role(a.usesysid, (SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) 'pgstream'), 'USAGE') AS is_ours
) AS r
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 2
  AND l.classid IN ('pgstream.graph'::pg_catalog.regclass, 'pgstream._scheduler'::pg_catalog.regclass)
  AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
  AND (NOT r.is_ours OR a.backend_type OPERATOR(pg_catalog.=) 'client backend' AND (
    a.state OPERATOR(pg_catalog.~~) 'idle%' OR a.state OPERATOR(pg_catalog.=) 'active' AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_locks m
      WHERE m.locktype OPERATOR(pg_catalog.=) 'advisory' AND m.objsubid OPERATOR(pg_catalog.=) 2 AND m.pid OPERATOR(pg_catalog.=) l.pid
        AND m.classid OPERATOR(pg_catalog.=) 'pgstream._beats'::pg_catalog.regclass AND m.database OPERATOR(pg_catalog.=) l.database
        AND m.objid OPERATOR(pg_catalog.=) pgstream._statement_mark(a.query_start)::pg_catalog.oid)));
