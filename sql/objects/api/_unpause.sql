-- Behind the gate: undoes pgstream._pause. What has broken meanwhile stays in ERROR.
CREATE OR REPLACE FUNCTION pgstream._unpause(id bigint) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  done text;
BEGIN
  UPDATE pgstream.pgs_stream_tables s
  SET paused = false,
    status = CASE WHEN s.status <> 'SUSPENDED' THEN s.status WHEN s.is_populated THEN 'ACTIVE' ELSE 'INITIALIZING' END
  WHERE s.pgs_id = id AND s.paused
  RETURNING s.status INTO done;
  IF FOUND THEN
    PERFORM pgstream._wake();
  END IF;
  RETURN done;
END
$$;
