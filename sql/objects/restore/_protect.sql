-- Gives everything of ours the rights that it is meant to have: ALTER DEFAULT PRIVILEGES and pg_restore --no-privileges
-- leave others.
CREATE OR REPLACE FUNCTION pgstream._protect() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
BEGIN
  PERFORM pgstream._set_rights('pgstream');
  -- A catalog that was restored from a dump does not know its tables yet: what is theirs is protected with them.
  IF pgstream._is_home() THEN
    PERFORM pgstream._set_rights('pgstream_changes');
    PERFORM pgstream._set_rights('pgstream_state');
    PERFORM pgstream._grant_buffer(t.source_relid) FROM pgstream.pgs_change_tracking t;
  ELSE
    PERFORM pgstream._set_rights('pgstream_changes', '^pgstream_changes$');
    PERFORM pgstream._set_rights('pgstream_state', '^pgstream_state$');
  END IF;
END
$$;
