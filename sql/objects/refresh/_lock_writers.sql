-- Takes a group of stream tables, and holds off the writers of the ordinary tables that it reads, to the end of the
-- transaction.
--
-- Who waits for such a lock keeps every later writer waiting behind it, and a writer may be at work for long. So it waits a
-- little, lets go of everything, lets the others by for as long, and waits twice as long. At last longer than it takes to
-- find a deadlock: two transactions that have written what both of them want to lock.
--
-- The lock stays for as long as whoever asked keeps the transaction open, and refreshes of others' stream tables are asked for with
-- the right to read them alone. So the owner of the one that was `asked` for must be let in to the table itself.
--
-- Who has refreshed a stream table below may want the group next. A definition has the group by then, and does not let go of
-- it; so it does not wait for that one (`is_defining`). Nor for long for anybody else: it may hold off the writers of what it captures
-- anew, who would wait behind those of the group. With such writers waiting for it, it waits for none: who has written one table
-- and wants the other would meet it in a deadlock, and be the one that is ended.
--
-- Of several groups, `recomputed` has the members whose tables are meant: for one group after the other, the writers of the first
-- would wait behind those of the second.
CREATE OR REPLACE FUNCTION pgstream._lock_writers(
  members bigint[], asked bigint DEFAULT NULL, is_defining boolean DEFAULT false, recomputed bigint[] DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  sources CONSTANT oid[] := ARRAY(
    SELECT DISTINCT d.source_relid FROM pgstream.pgs_dependencies d JOIN pg_class c ON c.oid = d.source_relid
    WHERE d.pgs_id = ANY (coalesce(recomputed, members)) AND c.relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = d.source_relid AND s.pgs_id = ANY (members))
    ORDER BY d.source_relid);
  -- In ms; 0: for ever.
  given CONSTANT double precision := (SELECT s.setting::double precision FROM pg_settings s WHERE s.name = 'lock_timeout');
  longest CONSTANT double precision := (SELECT s.setting::double precision * 1.5 FROM pg_settings s WHERE s.name = 'deadlock_timeout');
  started CONSTANT timestamptz := clock_timestamp();
  patience double precision := 20;
  -- One that was made in this transaction and is nobody else's yet does not count, nor does a state or buffer.
  keeps_waiting CONSTANT boolean := is_defining AND EXISTS (
    SELECT FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted
      AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      AND l.relation IN (SELECT d.source_relid FROM pgstream.pgs_dependencies d WHERE d.is_captured AND NOT d.is_stream_table));
  source oid;
  label text;
  denied oid := (SELECT s FROM unnest(sources) AS s, pgstream.pgs_stream_tables t JOIN pg_class c ON c.oid = t.pgs_relid
    WHERE t.pgs_id = asked AND NOT has_table_privilege(c.relowner, s, 'SELECT, TRIGGER, UPDATE, DELETE, TRUNCATE') LIMIT 1);
BEGIN
  IF denied IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'PGS05', MESSAGE = pgstream._qualified_name(denied);
  END IF;
  LOOP
    BEGIN
      PERFORM set_config('lock_timeout', greatest(1, patience)::integer || 'ms', true);
      PERFORM pgstream._lock_group(members);
      FOREACH source IN ARRAY sources LOOP
        label := pgstream._qualified_name(source);
        -- Or somebody has dropped it, which the refresh will find.
        CONTINUE WHEN label IS NULL;
        EXECUTE format('LOCK TABLE %s IN SHARE MODE%s', label, CASE WHEN keeps_waiting THEN ' NOWAIT' END);
        -- It was renamed while we waited for it, and another table has its name.
        IF to_regclass(label) IS DISTINCT FROM source::regclass THEN
          RAISE undefined_table;
        END IF;
      END LOOP;
      PERFORM set_config('lock_timeout', given || 'ms', true);
      RETURN;
    EXCEPTION WHEN lock_not_available OR undefined_table OR invalid_schema_name THEN
      IF is_defining AND (patience >= longest / 3 OR EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = source)) THEN
        RAISE EXCEPTION USING ERRCODE = 'PGS05', MESSAGE = coalesce(label, 'the group');
      END IF;
      IF given > 0 AND extract(epoch FROM clock_timestamp() - started) * 1000 >= given THEN
        RAISE;
      END IF;
    END;
    -- Of two that do this in turns neither would ever see the other wait: each looks for a deadlock while the other sleeps.
    PERFORM pg_sleep(patience * (0.5 + random()) / 1000);
    patience := least(2 * patience, longest);
    IF given > 0 THEN
      patience := least(patience, given - extract(epoch FROM clock_timestamp() - started) * 1000);
    END IF;
  END LOOP;
END
$$;
