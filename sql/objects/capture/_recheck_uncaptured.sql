-- pgstream._recheck_source for those who read a relation without its changes being captured: they compute their query anew
-- at each refresh, which takes the columns to be there, of the same types, and their names to be known. The relation may
-- be, or may have been, a part of what they read.
CREATE OR REPLACE FUNCTION pgstream._recheck_uncaptured(relation oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reader record;
BEGIN
  FOR reader IN
    WITH RECURSIVE above(oid) AS (
      SELECT relation
      UNION SELECT i.inhparent FROM above JOIN pg_inherits i ON i.inhrelid = above.oid
    )
    SELECT d.pgs_id, d.source_relid AS source, d.fingerprint AS before,
      pgstream._column_fingerprint(d.pgs_id, d.source_relid, d.columns) AS after
    FROM pgstream.pgs_dependencies d
    WHERE NOT d.is_captured AND (d.source_relid IN (SELECT oid FROM above) OR d.fingerprint -> 'members' @> to_jsonb(relation::bigint))
  LOOP
    CONTINUE WHEN reader.after = reader.before;
    IF reader.after ->> 'name' IS NULL THEN
      PERFORM pgstream._mark_stream_tables(ARRAY[reader.pgs_id], 'broken',
        format('source table %s was dropped', reader.before ->> 'name'));
      CONTINUE;
    END IF;
    PERFORM pgstream._mark_changed_columns(reader.source, reader.before, reader.after);
    IF reader.after - '{members,obstacle}'::text[] <> reader.before - '{members,obstacle}'::text[]
      OR reader.before ->> 'obstacle' <> coalesce(reader.after ->> 'obstacle', '') THEN
      PERFORM pgstream._mark_stream_tables(ARRAY[reader.pgs_id], 'replan', format('source table %s was altered', reader.after ->> 'name'));
    END IF;
    UPDATE pgstream.pgs_dependencies d SET fingerprint = reader.after WHERE d.pgs_id = reader.pgs_id AND d.source_relid = reader.source;
  END LOOP;
END
$$;
