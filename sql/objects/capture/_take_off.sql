-- Takes the triggers of `source` off tables that are left behind, where nobody is at them. Whether it did so for any: then what
-- older transactions have written to them through their parent is not known any more.
CREATE OR REPLACE FUNCTION pgstream._take_off(source oid, relations oid[]) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  relation oid;
  done boolean := false;
BEGIN
  FOREACH relation IN ARRAY relations LOOP
    CONTINUE WHEN pgstream._qualified_name(relation) IS NULL;
    BEGIN
      -- With its partitions, which have clones of some.
      EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', pgstream._qualified_name(relation));
      PERFORM pgstream._remove_capture_triggers(source, relation);
      done := true;
    EXCEPTION WHEN lock_not_available OR undefined_table THEN
      NULL;
    END;
  END LOOP;
  RETURN done;
END
$$;
