-- The sum of the counters of one stream table's sources (pgstream._movements); NULL when it has none, or when one cannot
-- be asked because somebody is dropping it.
CREATE OR REPLACE FUNCTION pgstream._movements_of(id bigint) RETURNS numeric
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (
    SELECT sum(pg_sequence_last_value(t.counter))
    FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_change_tracking t USING (source_relid)
    WHERE d.pgs_id = id AND d.is_captured);
EXCEPTION WHEN lock_not_available OR undefined_table OR internal_error THEN
  RETURN NULL;
END
$$;
