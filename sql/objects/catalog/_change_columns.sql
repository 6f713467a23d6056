-- Gives a stream table, from which the rows have gone, the columns and keys of its new plan; its identity stays, and with it
-- rights, comments, indexes and views. `old_indexes`: pg_stream's own, of the plan before. Readers wait from here on.
CREATE OR REPLACE FUNCTION pgstream._change_columns(id bigint, old_indexes oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  ddl text;
  why text;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables WHERE pgs_id = id;
  -- Before a column gets another type, which builds its indexes anew, as others.
  PERFORM pgstream._drop_indexes(old_indexes);
  ddl := (pgstream._column_changes(target.pgs_relid, target.columns, target.plan)).ddl;
  IF ddl IS NOT NULL THEN
    BEGIN
      EXECUTE ddl;
    EXCEPTION WHEN dependent_objects_still_exist OR feature_not_supported THEN
      GET STACKED DIAGNOSTICS why = PG_EXCEPTION_DETAIL;
      RAISE EXCEPTION 'cannot change the columns of stream table "%"', target.pgs_name
        USING ERRCODE = 'dependent_objects_still_exist', DETAIL = why,
          HINT = 'Keep names and types of the columns that others use, or drop what depends on them.';
    END;
  END IF;
  -- Its readers may have relied on its key, too; what changes for them otherwise they are told as changes of its rows.
  IF ddl IS NOT NULL OR old_indexes <> '{}' THEN
    IF EXISTS (SELECT FROM pgstream.pgs_change_tracking t WHERE t.source_relid = target.pgs_relid) THEN
      PERFORM pgstream._follow_source(target.pgs_relid);
    END IF;
  END IF;
  IF ddl IS NOT NULL THEN
    PERFORM pgstream._recheck_uncaptured(target.pgs_relid);
  END IF;
END
$$;
