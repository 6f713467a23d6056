-- pgstream._recheck_source for those who read a relation without its changes being captured: they compute their query anew
-- at each refresh, which takes the columns to be there, of the same types, and their names to be known.
CREATE OR REPLACE FUNCTION pgstream._recheck_uncaptured(relation oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reader record;
BEGIN
  FOR reader IN
    SELECT d.pgs_id, d.fingerprint AS before, pgstream._column_fingerprint(relation, d.columns) AS after
    FROM pgstream.pgs_dependencies d WHERE d.source_relid = relation AND NOT d.is_captured
  LOOP
    CONTINUE WHEN reader.after = reader.before;
    IF reader.after ->> 'name' IS NULL THEN
      PERFORM pgstream._mark_stream_tables(ARRAY[reader.pgs_id], 'broken',
        format('source table %s was dropped', reader.before ->> 'name'));
      CONTINUE;
    END IF;
    PERFORM pgstream._mark_changed_columns(relation, reader.before, reader.after);
    PERFORM pgstream._mark_stream_tables(ARRAY[reader.pgs_id], 'replan', format('source table %s was altered', reader.after ->> 'name'));
    UPDATE pgstream.pgs_dependencies d SET fingerprint = reader.after WHERE d.pgs_id = reader.pgs_id AND d.source_relid = relation;
  END LOOP;
END
$$;
