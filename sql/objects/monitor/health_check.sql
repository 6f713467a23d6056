-- Is everything well, and what to do where it is not: one line per check, the worst first, with severity OK, WARNING or ERROR.
-- A database that waits to be restored has one line that says so: of the rest nobody can tell.
CREATE OR REPLACE FUNCTION pgstream.health_check()
RETURNS TABLE (check_name text, severity text, detail text, hint text)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'restore', 'ERROR', 'the stream tables of this database wait to be restored',
    'SELECT * FROM pgstream.restore_stream_tables() as a superuser, or as the role that installed pg_stream.'
  WHERE NOT pgstream._is_home()
  UNION ALL (
  WITH checks(i, check_name, fine, hint) AS (VALUES
    (1, 'scheduler', 'a scheduler is at work', 'Start a worker (pg-stream worker URL), or have CALL pgstream.run_scheduler() run every second; pg_stream.enabled must be on.'),
    (2, 'broken', 'none has lost what its query reads', 'Put back what is missing and call resume_stream_table, or alter_stream_table(name, query => …).'),
    (3, 'suspended', 'none is suspended', 'diagnose_errors(name) says why and what to do; then resume_stream_table(name), or resume_all() after pause_all().'),
    (4, 'failing', 'the last refresh of each was successful', 'diagnose_errors(name) says why and what to do.'),
    (5, 'waiting', 'no refresh is kept waiting by a lock', 'End the transaction that holds the lock: SELECT pg_terminate_backend(pid); a prepared one by COMMIT PREPARED or ROLLBACK PREPARED.'),
    (6, 'stale', 'all are as fresh as their schedules ask', 'See refresh_timeline() for what takes the time. More workers, a longer schedule, or the indexes of recommend_indexes(name).'),
    (7, 'reinitialize', 'none must be computed anew', 'The next refresh computes it anew; refresh_stream_table(name) does so at once.'),
    (8, 'buffer_growth', 'no change buffer is large', 'Something that reads the source does not consume: look for suspended or failing stream tables and for long transactions.'),
    (9, 'capture', 'every trigger and change buffer is in its place', 'repair_stream_table(name) of a stream table that reads it; trigger_inventory() lists all triggers.'),
    (10, 'generated', 'every stream table has its functions', 'repair_stream_table(name).'),
    (11, 'rights', 'what pg_stream has made is open to those it is meant for, and to nobody else', 'Have the role that installed pg_stream run pg-stream upgrade; repair_stream_table(name) does it for one. ALTER DEFAULT PRIVILEGES may have given these rights.'),
    (12, 'event_triggers', 'DDL is followed as it happens', 'Have a superuser run pg-stream upgrade. Until then each refresh looks for altered sources itself, and functions are not followed.'),
    (13, 'missing_indexes', 'no delta has to read a large table whole', 'recommend_indexes(name) has the statements.'),
    (14, 'orphans', 'nothing is left of what was dropped', 'DROP them as the role that installed pg_stream: nothing uses them.'),
    (15, 'long_transactions', 'none that may be seen here is older than 5 minutes', 'End it (COMMIT PREPARED, ROLLBACK PREPARED, pg_terminate_backend): what it may still see cannot be cleaned away.'),
    (16, 'locks', 'nobody else holds the scheduler''s locks', 'Ask what it is for, or end it: SELECT pg_terminate_backend(pid). Refreshes go on meanwhile.'),
    (17, 'slots', 'no slot keeps much WAL', 'Start its subscriber, or drop it: SELECT pg_drop_replication_slot(name).')
  ), found AS MATERIALIZED (
    SELECT f.check_name, f.severity, f.about, row_number() OVER (PARTITION BY f.check_name ORDER BY f.severity, f.about) AS n,
      count(*) OVER (PARTITION BY f.check_name) AS total
    FROM pgstream._health_facts() AS f
  )
  SELECT c.check_name, coalesce(min(f.severity), 'OK'),
    coalesce(string_agg(f.about, '; ' ORDER BY f.n) FILTER (WHERE f.n <= 10)
      || CASE WHEN max(f.total) > 10 THEN format('; and %s more', max(f.total) - 10) ELSE '' END, c.fine),
    CASE WHEN count(f.n) = 0 THEN NULL
      -- Not all that is tried again waits for a lock.
      WHEN c.check_name = 'waiting' THEN (
        SELECT string_agg(DISTINCT coalesce((SELECT a.remediation FROM pgstream._error_advice(w.state) AS a WHERE w.state IS NOT NULL), c.hint), ' ')
        FROM (
          SELECT substring(o.waiting_for FROM '^SQLSTATE ([0-9A-Z]{5})') AS state
          FROM pgstream.frontiers o JOIN pgstream.pgs_stream_tables s USING (pgs_id)
          WHERE o.waiting_for IS NOT NULL AND s.status NOT IN ('SUSPENDED', 'ERROR')
          UNION ALL SELECT NULL FROM pgstream._kept_by_prepared()
        ) AS w)
      ELSE c.hint END
  FROM checks c LEFT JOIN found f USING (check_name)
  WHERE pgstream._is_home()
  GROUP BY c.i, c.check_name, c.fine, c.hint
  -- ERROR, WARNING, OK
  ORDER BY CASE coalesce(min(f.severity), 'OK') WHEN 'ERROR' THEN 1 WHEN 'WARNING' THEN 2 ELSE 3 END, c.i)
$$;
