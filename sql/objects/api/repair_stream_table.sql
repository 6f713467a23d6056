-- Makes everything anew that pg_stream has generated for a stream table (functions, state, indexes, its guard, the capture of
-- its sources), and its content. For when somebody has damaged something, or health_check says so. The table stays, readers
-- see the old content until the new is committed; writers of a source whose capture is made anew wait for the end. For owners.
CREATE OR REPLACE FUNCTION pgstream.repair_stream_table(name text) RETURNS void
LANGUAGE plpgsql
SET pg_stream.internal = 'on'
AS $$
DECLARE
  id bigint := pgstream._stream_table_id(name);
  target record;
BEGIN
  PERFORM pgstream._check_owner(id);
  SELECT s.broken_reason, s.refresh_mode INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) id;
  IF target.broken_reason IS NOT NULL THEN
    PERFORM pgstream._define_again(id, target.refresh_mode);
  END IF;
  PERFORM pgstream._ask(id, 'repair');
END
$$;
