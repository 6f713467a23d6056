-- Are these columns of a source captured as they are now?
CREATE OR REPLACE FUNCTION pgstream._is_captured(source oid, columns smallint[]) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  tracked pgstream.pgs_change_tracking;
BEGIN
  SELECT * INTO tracked FROM pgstream.pgs_change_tracking WHERE source_relid = source;
  RETURN (NOT tracked.is_retired AND columns <@ tracked.columns
    AND tracked.fingerprint = pgstream._source_fingerprint(source, tracked.columns) AND pgstream._buffer_fits(source, columns)) IS TRUE;
END
$$;
