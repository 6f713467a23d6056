-- Makes the capture of a source anew where it is damaged: triggers that are missing or disabled, functions that are gone or
-- altered, a buffer that is gone or lacks columns. Changes may have been lost then, for every reader: they are computed anew.
CREATE OR REPLACE FUNCTION pgstream._repair_capture(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  buffer CONSTANT text := pgstream._buffer_name(source);
  label CONSTANT text := pgstream._qualified_name(source);
  needed smallint[];
  before text;
BEGIN
  IF label IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', label);
  PERFORM FROM pgstream.pgs_change_tracking t WHERE t.source_relid = source FOR UPDATE;
  needed := ARRAY(SELECT DISTINCT c FROM pgstream.pgs_dependencies d, unnest(d.columns) AS c
    WHERE d.source_relid = source AND d.is_captured ORDER BY c);
  IF NOT EXISTS (SELECT FROM pgstream.pgs_change_tracking t WHERE t.source_relid = source)
    OR (SELECT count(*) FROM pg_class c WHERE c.oid IN (to_regclass(buffer), to_regclass(buffer || '_small'), to_regclass(buffer || '_bulk'),
      to_regclass(buffer || '_packed'), to_regclass(pgstream._counter_name(source)))) < 5
    OR NOT pgstream._buffer_fits(source, needed) THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', format('the change buffer of source table %s was damaged', label));
    PERFORM pgstream._drop_capture(source);
    PERFORM pgstream._ensure_capture(source, needed);
    PERFORM pgstream._grant_buffer(source);
    RETURN;
  END IF;
  PERFORM pgstream._recheck_source(source);
  before := pgstream._capture_code(source);
  PERFORM pgstream._generate_capture(source);
  IF before IS DISTINCT FROM pgstream._capture_code(source) THEN
    PERFORM pgstream._mark_dependents(source, NULL, 'reinit', format('a capture function of source table %s was damaged', label));
  END IF;
  PERFORM pgstream._grant_buffer(source);
END
$$;
