-- pgstream._recheck_source for the event triggers. They see everybody's DDL, and must not make it fail because capture
-- could not be mended: then the readers are marked and capture goes, so that writers go on. What is only passing
-- (a deadlock, a timeout), and a refusal that was asked for (pg_stream.block_source_ddl), is passed on.
CREATE OR REPLACE FUNCTION pgstream._follow_source(source oid, created oid[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  message text;
BEGIN
  PERFORM pgstream._recheck_source(source, created);
EXCEPTION WHEN OTHERS THEN
  IF left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58', 'XX') OR SQLSTATE = '2BP01' THEN
    RAISE;
  END IF;
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
  PERFORM pgstream._mark_dependents(source, NULL, 'broken',
    format('source table %s was altered, and its changes can no longer be captured: %s', pgstream._qualified_name(source), message));
  PERFORM pgstream._drop_capture(source);
END
$$;
