-- Removes everything that captures the changes of `source`, which itself may be gone already.
CREATE OR REPLACE FUNCTION pgstream._drop_capture(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  triggers CONSTANT name := format('pgstream_capture_%s_', source);
  functions CONSTANT name := format('capture_%s_', source);
  carrier oid;
  event text;
BEGIN
  FOR carrier IN
    SELECT DISTINCT t.tgrelid FROM pg_trigger t
    WHERE t.tgparentid = 0 AND (t.tgname >= triggers AND t.tgname < pgstream._name_after(triggers)
      OR t.tgfoid = ANY (ARRAY(SELECT p.oid FROM pg_proc p
        WHERE p.pronamespace = 'pgstream_changes'::regnamespace AND p.proname >= functions AND p.proname < pgstream._name_after(functions))))
  LOOP
    PERFORM pgstream._remove_capture_triggers(source, carrier);
  END LOOP;
  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete', 'truncate', 'row', 'own', 'moved'] LOOP
    EXECUTE format('DROP FUNCTION IF EXISTS pgstream_changes.capture_%s_%s()', source, event);
  END LOOP;
  PERFORM pgstream._drop_buffer(source);
END
$$;
