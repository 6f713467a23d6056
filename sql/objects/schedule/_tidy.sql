-- What is left to do when nothing is due: old history and consumed changes go, people are told of what they should know.
CREATE OR REPLACE PROCEDURE pgstream._tidy()
LANGUAGE plpgsql
AS $$
DECLARE
  source pg_catalog.oid;
BEGIN
  IF NOT pgstream._scheduler_enabled() THEN
    RETURN;
  END IF;
  PERFORM pgstream._prune_history();
  COMMIT;
  FOREACH source IN ARRAY pgstream._cleaning_due() LOOP
    BEGIN
      PERFORM pgstream._clean_changes(source);
    EXCEPTION
      -- The next pass cleans.
      WHEN lock_not_available THEN NULL;
      WHEN OTHERS THEN RAISE WARNING 'the change buffer of table % could not be cleaned: %', source, SQLERRM;
    END;
    COMMIT;
  END LOOP;
  PERFORM pgstream._watch();
  COMMIT;
END
$$;
