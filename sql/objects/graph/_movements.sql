-- For each stream table the sum of the counters of its sources (pgstream._counter_name): while it stays the same, no
-- statement has been captured that it might have to follow. A sequence shows what uncommitted and failed transactions have
-- counted, too; what is rolled back costs a look in vain. Does not wait for whoever is making or dropping a buffer: one
-- that cannot be asked has not moved. Who is maintained and has no source has counted nothing, and never will.
CREATE OR REPLACE FUNCTION pgstream._movements() RETURNS TABLE (pgs_id bigint, total numeric)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '20ms'
AS $$
BEGIN
  BEGIN
    RETURN QUERY
      WITH counted AS MATERIALIZED (
        SELECT t.source_relid, pg_sequence_last_value(t.counter) AS statements FROM pgstream.pgs_change_tracking t
      )
      SELECT d.pgs_id, sum(c.statements) FROM pgstream.pgs_dependencies d JOIN counted c USING (source_relid)
      WHERE d.is_captured GROUP BY d.pgs_id
      UNION ALL
      SELECT s.pgs_id, 0 FROM pgstream.pgs_stream_tables s
      WHERE s.strategy = 'DIFFERENTIAL' AND NOT EXISTS (SELECT FROM pgstream.pgs_dependencies d WHERE d.pgs_id = s.pgs_id AND d.is_captured);
    RETURN;
  EXCEPTION WHEN lock_not_available OR undefined_table OR internal_error THEN
    NULL;
  END;
  RETURN QUERY
    WITH counted AS MATERIALIZED (
      SELECT t.source_relid, pgstream._counted(t.counter) AS statements FROM pgstream.pgs_change_tracking t
    )
    SELECT d.pgs_id, sum(c.statements) FROM pgstream.pgs_dependencies d JOIN counted c USING (source_relid)
    WHERE d.is_captured GROUP BY d.pgs_id HAVING bool_and(c.statements IS NOT NULL)
    UNION ALL
    SELECT s.pgs_id, 0 FROM pgstream.pgs_stream_tables s
    WHERE s.strategy = 'DIFFERENTIAL' AND NOT EXISTS (SELECT FROM pgstream.pgs_dependencies d WHERE d.pgs_id = s.pgs_id AND d.is_captured);
END
$$;
