-- Takes the triggers of `source` off one relation, if it is still there.
CREATE OR REPLACE FUNCTION pgstream._remove_capture_triggers(source oid, carrier oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  trigger_name name;
BEGIN
  FOR trigger_name IN
    SELECT t.name FROM pgstream._capture_triggers(source, carrier) AS t
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, pgstream._qualified_name(carrier));
  END LOOP;
END
$$;
