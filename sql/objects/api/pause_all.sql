-- Suspends every stream table of yours that is not suspended or broken already, and returns how many. For a superuser, and
-- for the role that installed pg_stream if that is one, these are all stream tables.
CREATE OR REPLACE FUNCTION pgstream.pause_all() RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  id bigint;
  done bigint := 0;
BEGIN
  -- In the order of their ids, like resume_all: no deadlocks.
  FOR id IN
    SELECT s.pgs_id FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
    WHERE s.status IN ('INITIALIZING', 'ACTIVE') AND pg_has_role(c.relowner, 'USAGE')
    ORDER BY s.pgs_id
  LOOP
    -- Somebody may have dropped it while we waited for another.
    CONTINUE WHEN NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id);
    done := done + (pgstream._ask(id, 'pause') IS NOT NULL)::integer;
  END LOOP;
  RETURN done;
END
$$;
