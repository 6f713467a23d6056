-- Behind the gate: refresh_stream_table.
CREATE OR REPLACE FUNCTION pgstream._refresh_stream_table(id bigint) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  target record;
BEGIN
  SELECT s.status, s.pgs_name, s.broken_reason INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  IF target.broken_reason IS NOT NULL THEN
    RAISE EXCEPTION 'cannot refresh stream table "%"', target.pgs_name
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = target.broken_reason || '.',
        HINT = 'Give it a new query by pgstream.alter_stream_table(name, query => …), or drop it.';
  ELSIF target.status = 'SUSPENDED' THEN
    RAISE EXCEPTION 'stream table "%" is suspended', target.pgs_name
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT pgstream.resume_stream_table(…) resumes it.';
  END IF;
  -- Nearly always there is nothing else to refresh.
  IF (SELECT g.is_alone FROM pgstream.graph g WHERE g.pgs_id = id AND NOT EXISTS (SELECT FROM pgstream.graph_changes)) THEN
    RETURN pgstream._refresh_or_recompute(id, 'MANUAL');
  END IF;
  RETURN pgstream._refresh_with_sources(id);
END
$$;
