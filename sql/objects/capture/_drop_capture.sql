-- Removes everything that captures the changes of `source`, which itself may be gone already.
CREATE OR REPLACE FUNCTION pgstream._drop_capture(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  carrier oid;
  event text;
BEGIN
  FOR carrier IN
    SELECT DISTINCT t.tgrelid FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgparentid = 0 AND (t.tgname ~ format('^pgstream_capture_%s_', source)
      OR p.pronamespace = 'pgstream_changes'::regnamespace AND p.proname ~ format('^capture_%s_', source))
  LOOP
    PERFORM pgstream._remove_capture_triggers(source, carrier);
  END LOOP;
  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete', 'truncate', 'row', 'own', 'moved'] LOOP
    EXECUTE format('DROP FUNCTION IF EXISTS pgstream_changes.capture_%s_%s()', source, event);
  END LOOP;
  PERFORM pgstream._drop_buffer(source);
END
$$;
