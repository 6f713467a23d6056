-- Resumes the stream tables of yours that pause_all has suspended, and returns how many. What was suspended for errors or by
-- its owner stays so.
CREATE OR REPLACE FUNCTION pgstream.resume_all() RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  id bigint;
  done bigint := 0;
BEGIN
  FOR id IN
    SELECT s.pgs_id FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
    WHERE s.paused AND pg_has_role(c.relowner, 'USAGE')
    ORDER BY s.pgs_id
  LOOP
    -- Somebody may have dropped it while we waited for another.
    CONTINUE WHEN NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id);
    done := done + (pgstream._ask(id, 'unpause') IS NOT NULL)::integer;
  END LOOP;
  RETURN done;
END
$$;
