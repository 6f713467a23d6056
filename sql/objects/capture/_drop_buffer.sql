-- Removes the change buffer of `source`, and what is known of its capture.
CREATE OR REPLACE FUNCTION pgstream._drop_buffer(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS %s', pgstream._buffer_name(source));
  DELETE FROM pgstream.truncations WHERE source_relid = source;
  DELETE FROM pgstream.pgs_change_tracking WHERE source_relid = source;
END
$$;
