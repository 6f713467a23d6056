-- Resumes the stream tables of yours that pause_all has suspended, and returns how many. What was suspended for errors or by
-- its owner stays so.
CREATE OR REPLACE FUNCTION pgstream.resume_all() RETURNS bigint
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pgstream._check_home();
  SELECT pgstream._ask_each(coalesce(array_agg(s.pgs_id), '{}'), 'unpause')
  FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
  WHERE s.paused AND pg_has_role(c.relowner, 'USAGE')
$$;
