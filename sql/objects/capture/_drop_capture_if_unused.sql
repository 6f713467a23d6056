-- Stops capturing the changes of `source` when no stream table reads it any more.
CREATE OR REPLACE FUNCTION pgstream._drop_capture_if_unused(source oid) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
BEGIN
  PERFORM FROM pgstream.pgs_change_tracking WHERE source_relid = source FOR UPDATE;
  -- A new statement, so it sees a dependency whose creation we waited for.
  IF NOT FOUND OR EXISTS (SELECT FROM pgstream.pgs_dependencies WHERE source_relid = source AND is_captured) THEN
    RETURN false;
  END IF;
  PERFORM pgstream._drop_capture(source);
  RETURN true;
END
$$;
