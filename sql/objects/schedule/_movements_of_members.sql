-- pgstream._movements_of for those that are refreshed together, in their order: without what they have counted among
-- themselves, or of that alone. All NULL when one of the counters cannot be asked.
CREATE OR REPLACE FUNCTION pgstream._movements_of_members(members bigint[], of_members boolean) RETURNS numeric[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
BEGIN
  RETURN ARRAY(
    SELECT CASE WHEN of_members OR count(t.pgs_id) > 0 THEN sum(pg_sequence_last_value(t.counter)) WHEN bool_or(o.strategy = 'DIFFERENTIAL') THEN 0 END
    FROM unnest(members) WITH ORDINALITY AS m(pgs_id, place)
    LEFT JOIN pgstream.pgs_stream_tables o USING (pgs_id)
    LEFT JOIN (
      SELECT d.pgs_id, t.counter
      FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_change_tracking t USING (source_relid)
      LEFT JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = d.source_relid AND s.pgs_id = ANY (members)
      WHERE d.pgs_id = ANY (members) AND d.is_captured AND of_members = (d.is_stream_table AND s.pgs_id IS NOT NULL)) AS t USING (pgs_id)
    GROUP BY m.place ORDER BY m.place);
EXCEPTION WHEN lock_not_available OR undefined_table OR internal_error THEN
  RETURN array_fill(NULL::numeric, ARRAY[cardinality(members)]);
END
$$;
