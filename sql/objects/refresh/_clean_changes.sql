-- Removes what every reader of a source has consumed by its committed frontier. For a READ COMMITTED transaction of its
-- own: under REPEATABLE READ two cleaners would meet in 40001. When no writer and no reader is at work and nothing is left
-- to consume, the buffer is truncated, which leaves no bloat: a writer holds its lock on the buffer until it commits, so a
-- lock that is granted at once means that every row is there to be judged.
CREATE OR REPLACE FUNCTION pgstream._clean_changes(source oid) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '500ms'
AS $$
DECLARE
  buffer text := pgstream._buffer_name(source);
  readers pgstream.frontiers[];
  unread text;
  removed bigint := 0;
  is_unread boolean;
  -- 64 pages: below that a truncation costs more than it saves.
  truncate_above CONSTANT bigint := 64 * current_setting('block_size')::bigint;
BEGIN
  -- Whoever creates a reader holds FOR SHARE until its frontier can be seen here: what that one has yet to read must stay.
  PERFORM FROM pgstream.pgs_change_tracking t WHERE t.source_relid = source FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  -- A reader that has not been filled yet keeps everything.
  readers := ARRAY(
    SELECT f FROM pgstream.frontiers f JOIN pgstream.pgs_dependencies d USING (pgs_id)
    WHERE d.source_relid = source AND d.is_captured);
  IF EXISTS (SELECT FROM unnest(readers) AS r WHERE r.snapshot IS NULL) THEN
    RETURN 0;
  END IF;
  SELECT coalesce(string_agg(format(
      '((b.xid >= %s OR b.xid = ANY (%L)) AND (b.xid <> %s OR b.seq > %s))',
      pg_snapshot_xmax(r.snapshot), pgstream._frontier_ids(r.snapshot, r.own_xid), r.own_xid, r.own_seq), ' OR '), 'false')
  INTO unread FROM unnest(readers) AS r;
  EXECUTE format('DELETE FROM pgstream.truncations AS b WHERE b.source_relid = %s AND NOT (%s)', source, unread);
  IF pgstream._buffer_size(source) = 0 THEN
    RETURN 0;
  END IF;
  IF pgstream._buffer_size(source) > truncate_above THEN
    BEGIN
      EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', buffer);
      EXECUTE format('SELECT EXISTS (SELECT FROM %s AS b WHERE %s)', buffer, unread) INTO STRICT is_unread;
      IF NOT is_unread THEN
        EXECUTE format('TRUNCATE %s', buffer);
        EXECUTE format('ANALYZE %s', buffer);
        RETURN 0;
      END IF;
      -- Release the lock before the long way.
      RAISE EXCEPTION USING ERRCODE = 'lock_not_available';
    EXCEPTION WHEN lock_not_available THEN
      NULL;
    END;
  END IF;
  IF EXISTS (SELECT FROM pg_publication) THEN
    PERFORM pgstream._ensure_identities(ARRAY(SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = buffer::regclass));
  END IF;
  EXECUTE format('DELETE FROM %s AS b WHERE NOT (%s)', buffer, unread);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$$;
