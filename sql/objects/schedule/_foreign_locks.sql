-- Advisory locks of the scheduler (slots, and claims of groups) in the hands of roles that may not run it. Any role can
-- take any advisory lock; these count as if they were not there, so nobody is kept from refreshing.
CREATE OR REPLACE VIEW pgstream._foreign_locks AS
SELECT l.classid, l.objid, l.pid, a.usename, a.backend_start
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 2
  AND l.classid IN ('pgstream.graph'::pg_catalog.regclass, 'pgstream._scheduler'::pg_catalog.regclass)
  AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
  AND NOT pg_catalog.pg_has_role(a.usesysid, (SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) 'pgstream'), 'USAGE');
GRANT SELECT ON pgstream._foreign_locks TO PUBLIC;
