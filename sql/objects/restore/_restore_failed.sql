-- A stream table could not be restored: it keeps its rows and says why. Everybody reads the reason.
CREATE OR REPLACE FUNCTION pgstream._restore_failed(id bigint, why text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE pgstream.pgs_stream_tables s
  SET status = 'ERROR', broken_reason = format('it could not be restored: %s', why), last_error = why, is_obstructed = false,
    -- With the oids that types have here.
    columns = pgstream._output_facts(s.pgs_relid)
  WHERE s.pgs_id = id
$$;
