-- A stream table was altered by hand: follow a new name, schema or owner; refuse a change of its columns.
CREATE OR REPLACE FUNCTION pgstream._recheck_stream_table(relation oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
BEGIN
  SELECT * INTO target FROM pgstream.pgs_stream_tables WHERE pgs_relid = relation;
  IF NOT FOUND OR target.plan IS NULL THEN
    RETURN;
  END IF;
  -- One that lost a column to DROP TYPE … CASCADE is broken already, and may still be renamed.
  IF NOT pgstream._columns_are_whole(relation, target.columns)
    AND (target.broken_reason IS NULL OR NOT pgstream._columns_are_left(relation, target.columns)) THEN
    PERFORM pgstream._refuse_other_columns(target.pgs_schema, target.pgs_name);
  END IF;
  PERFORM pgstream._follow_name(target.pgs_id);
  PERFORM pgstream._follow_owner_at_once(target.pgs_id);
  PERFORM pgstream._recheck_row_security(target.pgs_id);
END
$$;
