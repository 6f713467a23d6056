-- See pgstream._mark_dependents.
CREATE OR REPLACE FUNCTION pgstream._mark_stream_tables(ids bigint[], what text, reason text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  marked record;
BEGIN
  IF what IN ('broken', 'obstructed') AND ids <> '{}' AND pgstream._setting('pg_stream.block_source_ddl')::boolean THEN
    RAISE EXCEPTION 'stream table % depends on this', (
        SELECT string_agg(format('%I.%I', s.pgs_schema, s.pgs_name), ', ') FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = ANY (ids))
      USING ERRCODE = 'dependent_objects_still_exist', DETAIL = reason,
        HINT = 'Drop or alter the stream table first, or set pg_stream.block_source_ddl to off.';
  END IF;
  FOR marked IN
    UPDATE pgstream.pgs_stream_tables s
    SET needs_replan = true,
      needs_redefine = s.needs_redefine OR what = 'redefine',
      needs_reinit = s.needs_reinit OR what <> 'replan',
      reinit_reason = CASE what WHEN 'replan' THEN s.reinit_reason WHEN 'redefine' THEN reason ELSE coalesce(s.reinit_reason, reason) END,
      broken_reason = CASE WHEN what IN ('broken', 'obstructed') AND (s.broken_reason IS NULL OR what = 'broken' AND s.is_obstructed) THEN reason
        ELSE s.broken_reason END,
      is_obstructed = CASE what WHEN 'broken' THEN false WHEN 'obstructed' THEN s.is_obstructed OR s.broken_reason IS NULL ELSE s.is_obstructed END,
      status = CASE WHEN what = 'broken' OR what = 'obstructed' AND (s.status <> 'SUSPENDED' OR s.paused) THEN 'ERROR' ELSE s.status END,
      last_error = CASE WHEN what IN ('broken', 'obstructed') THEN reason ELSE s.last_error END
    WHERE s.pgs_id = ANY (ids)
    RETURNING s.pgs_id
  LOOP
    PERFORM pgstream._wake();
    PERFORM pgstream._follow_names(marked.pgs_id);
    IF what <> 'replan' THEN
      PERFORM pgstream._alert('reinitialize_needed', marked.pgs_id, jsonb_build_object('reason', reason));
    END IF;
  END LOOP;
END
$$;
