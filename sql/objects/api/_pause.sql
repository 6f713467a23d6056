-- Behind the gate: suspends what is running, and remembers that it was.
CREATE OR REPLACE FUNCTION pgstream._pause(id bigint) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  done text;
BEGIN
  UPDATE pgstream.pgs_stream_tables s SET status = 'SUSPENDED', paused = true
  WHERE s.pgs_id = id AND s.status IN ('INITIALIZING', 'ACTIVE')
  RETURNING s.status INTO done;
  RETURN done;
END
$$;
