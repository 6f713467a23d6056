-- The sum of the counters of one stream table's sources (pgstream._movements); 0 when it is maintained and has none; NULL when it is
-- recomputed, or when one cannot be asked because somebody is dropping it.
CREATE OR REPLACE FUNCTION pgstream._movements_of(id bigint) RETURNS numeric
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
BEGIN
  RETURN (
    SELECT CASE WHEN count(d.pgs_id) > 0 THEN sum(pg_sequence_last_value(t.counter)) ELSE 0 END
    FROM pgstream.pgs_stream_tables s
    LEFT JOIN pgstream.pgs_dependencies d ON d.pgs_id = s.pgs_id AND d.is_captured
    LEFT JOIN pgstream.pgs_change_tracking t USING (source_relid)
    WHERE s.pgs_id = id AND s.strategy = 'DIFFERENTIAL');
EXCEPTION WHEN lock_not_available OR undefined_table OR internal_error THEN
  RETURN NULL;
END
$$;
