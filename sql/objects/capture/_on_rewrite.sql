-- Event trigger: the rows of a table are about to be rewritten. With other values in them (reason
-- AT_REWRITE_COLUMN_REWRITE, and AT_REWRITE_DEFAULT_VAL) a stream table would no longer be its query, and its columns
-- tell nothing: ALTER COLUMN n TYPE numeric USING n + 1.
CREATE OR REPLACE FUNCTION pgstream._on_rewrite() RETURNS event_trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF pg_event_trigger_table_rewrite_reason() & 6 <> 0 AND NOT pgstream._is_internal() THEN
    PERFORM pgstream._refuse_other_columns(s.pgs_schema, s.pgs_name) FROM pgstream.pgs_stream_tables s
    WHERE s.pgs_relid = pg_event_trigger_table_rewrite_oid();
  END IF;
END
$$;
