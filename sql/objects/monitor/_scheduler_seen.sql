-- When a scheduler was last known to be at work: it looks around every ten seconds, but not in the midst of a long
-- pass, of which the latest refreshes tell.
CREATE OR REPLACE VIEW pgstream._scheduler_seen AS
SELECT greatest(w.watched_at, w.looked_at, (
  SELECT pg_catalog.max(h.end_time)
  FROM (SELECT r.end_time, r.initiated_by FROM pgstream.pgs_refresh_history r ORDER BY r.refresh_id DESC LIMIT 20) AS h
  WHERE h.initiated_by OPERATOR(pg_catalog.=) 'SCHEDULER')) AS at
FROM pgstream._scheduler w;
GRANT SELECT ON pgstream._scheduler_seen TO PUBLIC;
