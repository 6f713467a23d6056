-- Puts a plan for values that are too long for a btree index in the place of one that could not be filled.
CREATE OR REPLACE FUNCTION pgstream._install_for_long_values(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  owner name;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  owner := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = target.pgs_relid);
  -- Made for an earlier content.
  PERFORM pgstream._drop_indexes(pgstream._plan_indexes(target.pgs_relid, target.plan));
  PERFORM pgstream._uninstall_plan(id);
  PERFORM pgstream._define(id, owner, pgstream._stored_request(id, target.refresh_mode));
  PERFORM pgstream._install_plan(id, owner);
END
$$;
