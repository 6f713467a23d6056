-- After a stream table was filled by itself: brings the others of its group to the same moment, and notes which that is.
-- Left to the scheduler where writers would have to be held off who are none of its owner's business, or do not end soon, or that
-- would be somebody who refreshes a stream table below (pgstream._lock_writers); or readers of another member, who do not let go of it
-- (pgstream._hold_off_readers).
CREATE OR REPLACE FUNCTION pgstream._align_group(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  news pgstream.graph[];
  members bigint[];
  moved bigint[];
  actions text[];
  as_of timestamptz;
  below timestamptz;
BEGIN
  -- Nearly always it cannot have one, and the graph need not be computed for that.
  IF NOT EXISTS (SELECT FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_stream_table)
    AND NOT EXISTS (
      SELECT FROM pgstream.pgs_stream_tables s
      WHERE s.pgs_id = id AND (s.consistency_group IS NOT NULL OR EXISTS (
        SELECT FROM pgstream.pgs_dependencies d WHERE d.source_relid = s.pgs_relid))) THEN
    RETURN;
  END IF;
  LOOP
    news := pgstream._news_of_graph();
    members := pgstream._group_of(id, news);
    -- Who was waited for may have defined another one of the group.
    EXIT WHEN members = moved OR cardinality(members) = 1;
    BEGIN
      below := pgstream._time_below(members);
      SELECT t.actions, t.as_of INTO actions, as_of FROM pgstream._refresh_together(members, 'INITIAL', false, id) AS t;
    EXCEPTION WHEN SQLSTATE 'PGS05' THEN
      -- The scheduler needs no lock for it, and such a group is due at once.
      RETURN;
    END;
    moved := members;
    EXIT WHEN current_setting('transaction_isolation') IN ('repeatable read', 'serializable');
  END LOOP;
  IF cardinality(members) > 1 THEN
    -- What was suspended has not moved.
    PERFORM pgstream._date(ARRAY(SELECT u.id FROM unnest(members, actions) AS u(id, action) WHERE u.action <> 'SKIP'), as_of,
      least(below, pgstream._time_left_out(members, actions)));
  END IF;
END
$$;
