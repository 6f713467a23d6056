-- Lets go of changes that are kept in vain, and looks for what people should know: content that is much staler than its
-- bound, change buffers that grow. Each is told of
-- when it begins, kept in pgstream.open_alerts while it lasts, and told of again only when it was over in between. Gives back
-- the stream tables that pgstream._follow_unseen is to look at.
CREATE OR REPLACE FUNCTION pgstream._watch() RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '500ms'
AS $$
DECLARE
  threshold CONSTANT bigint := pgstream._setting('pg_stream.buffer_alert_threshold');
  each record;
  is_asked boolean;
BEGIN
  IF NOT pgstream._watch_due() THEN
    RETURN '{}';
  END IF;
  PERFORM FROM pgstream._scheduler FOR UPDATE SKIP LOCKED;
  IF NOT FOUND OR NOT pgstream._watch_due() THEN
    RETURN '{}';
  END IF;
  UPDATE pgstream._scheduler SET watched_at = clock_timestamp();
  PERFORM pgstream._forget_waits();
  BEGIN
    PERFORM pgstream._give_up_backlogs();
  EXCEPTION
    -- Somebody is making or dropping a buffer.
    WHEN lock_not_available OR undefined_table THEN NULL;
    WHEN OTHERS THEN RAISE WARNING 'pg_stream could not let go of changes that nobody reads: %', SQLERRM;
  END;
  BEGIN
    FOR each IN
      SELECT s.*, a.relid IS NOT NULL AS is_open, coalesce(k.words, f.waiting_for) AS waiting_for FROM pgstream._stale() s
      JOIN pgstream.frontiers f ON f.pgs_id = s.id LEFT JOIN pgstream._kept_by_prepared() k ON k.pgs_id = s.id
      LEFT JOIN pgstream.open_alerts a ON a.event = 'stale_data' AND a.relid = s.relid
      WHERE s.is_over = (a.relid IS NOT NULL)
    LOOP
      IF each.is_open THEN
        DELETE FROM pgstream.open_alerts a WHERE a.event = 'stale_data' AND a.relid = each.relid;
      ELSE
        INSERT INTO pgstream.open_alerts (event, relid) VALUES ('stale_data', each.relid) ON CONFLICT DO NOTHING;
        PERFORM pgstream._alert('stale_data', each.id, jsonb_build_object(
          'staleness_seconds', round(each.staleness::numeric, 1), 'schedule', each.schedule, 'status', each.status)
          || jsonb_strip_nulls(jsonb_build_object('waiting_for', each.waiting_for)));
      END IF;
    END LOOP;
    -- Not even tried (pgstream._due_of), so nothing else says so: once, while nothing else happens.
    PERFORM pgstream._record(k.pgs_id, 'SKIP', 'SKIPPED', NULL, clock_timestamp(), 0, 'SCHEDULER', '55P03', k.words)
    FROM pgstream._kept_by_prepared() k JOIN pgstream._stale() s ON s.id = k.pgs_id
    WHERE NOT s.is_over AND s.status NOT IN ('SUSPENDED', 'ERROR') AND k.words IS DISTINCT FROM (
      SELECT h.error_message FROM pgstream.pgs_refresh_history h WHERE h.pgs_id = k.pgs_id ORDER BY h.refresh_id DESC LIMIT 1);
    -- What need not be cleaned has some 20,000 rows at most.
    is_asked := threshold < 25000 OR current_setting('pg_stream.nothing_to_clean', true) IS DISTINCT FROM pgstream._unmoved()
      OR EXISTS (SELECT FROM pgstream.open_alerts a WHERE a.event = 'buffer_growth_warning');
    -- However well packed, a row takes a byte.
    FOR each IN
      SELECT b.source_relid, g.* FROM pgstream._buffer_bytes b, pgstream._buffer_growth(b.source_relid, threshold) AS g
      WHERE is_asked AND (b.bytes > threshold / 2
        OR EXISTS (SELECT FROM pgstream.open_alerts a WHERE a.event = 'buffer_growth_warning' AND a.relid = b.source_relid))
    LOOP
      IF each.buffered > threshold THEN
        INSERT INTO pgstream.open_alerts (event, relid) VALUES ('buffer_growth_warning', each.source_relid) ON CONFLICT DO NOTHING;
        IF FOUND THEN
          PERFORM pgstream._alert('buffer_growth_warning', NULL, jsonb_build_object(
            'schema', each.schema_name, 'name', each.table_name, 'rows', each.buffered, 'bytes', each.bytes, 'threshold', threshold));
        END IF;
      -- Well below: not again for every row that comes and goes.
      ELSIF each.buffered <= threshold / 2 THEN
        DELETE FROM pgstream.open_alerts a WHERE a.event = 'buffer_growth_warning' AND a.relid = each.source_relid;
      END IF;
    END LOOP;
    DELETE FROM pgstream.open_alerts a
    WHERE a.event = 'stale_data' AND NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = a.relid)
      OR a.event = 'buffer_growth_warning' AND NOT EXISTS (SELECT FROM pgstream.pgs_change_tracking t WHERE t.source_relid = a.relid);
  EXCEPTION
    -- Somebody is making or dropping a buffer.
    WHEN lock_not_available THEN NULL;
    WHEN OTHERS THEN
    -- The time stays noted: whatever it is, once in ten seconds is enough.
    RAISE WARNING 'pg_stream could not look for stale stream tables and grown change buffers: %', SQLERRM;
  END;
  RETURN pgstream._altered();
END
$$;
