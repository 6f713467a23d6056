-- Behind the gate: schedule, capture mode and consistency group of a stream table; NULL leaves them as they are.
CREATE OR REPLACE FUNCTION pgstream._alter_properties(id bigint, new_schedule text, new_cdc_mode text, new_group text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  chosen record;
BEGIN
  new_cdc_mode := pgstream._check_cdc_mode(new_cdc_mode);
  chosen := pgstream._check_schedule(new_schedule);
  PERFORM pgstream._check_group_owner(id, pgstream._check_group_name(new_group), (
    SELECT pg_get_userbyid(c.relowner) FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid WHERE s.pgs_id = id));
  -- The frontiers first, as whoever refreshes or redefines it takes them: the new group is brought to one moment below.
  IF current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') AND EXISTS (
    SELECT FROM pgstream.pgs_stream_tables s WHERE s.consistency_group = pgstream._check_group_name(new_group) AND s.pgs_id <> id) THEN
    PERFORM pgstream._lock_group(pgstream._group_of(id, pgstream._news_of_graph()));
  END IF;
  UPDATE pgstream.pgs_stream_tables s
  SET schedule = CASE WHEN new_schedule IS NULL THEN s.schedule ELSE chosen.schedule END,
    schedule_seconds = CASE WHEN new_schedule IS NULL THEN s.schedule_seconds ELSE chosen.seconds END,
    cdc_mode = coalesce(new_cdc_mode, s.cdc_mode),
    consistency_group = CASE WHEN new_group IS NULL THEN s.consistency_group ELSE pgstream._check_group_name(new_group) END
  WHERE s.pgs_id = id;
  PERFORM pgstream._refuse_gone(id);
  INSERT INTO pgstream.graph_changes DEFAULT VALUES;
  IF new_group IS NOT NULL THEN
    PERFORM pgstream._check_group_members(id);
  END IF;
  IF new_schedule IS NOT NULL THEN
    PERFORM pgstream._tell_of_cron(id);
  END IF;
  -- Others of the group may be of another moment.
  IF new_group IS NOT NULL AND current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable')
    AND (SELECT s.is_populated AND s.status <> 'SUSPENDED' AND s.broken_reason IS NULL FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id) THEN
    PERFORM pgstream._align_group(id);
  END IF;
END
$$;
