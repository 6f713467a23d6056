-- One pass: every due stream table, sources before readers, each in a transaction of its own. Any number of callers may
-- run at once: they share the work by claiming it. A procedure that commits can be neither SECURITY DEFINER nor have a
-- SET clause, so everything in it is qualified.
CREATE OR REPLACE PROCEDURE pgstream.run_scheduler()
LANGUAGE plpgsql
AS $$
DECLARE
  due bigint;
  seen bigint[] := '{}';
  done text;
  source pg_catalog.oid;
BEGIN
  PERFORM pgstream._check_scheduler_role();
  IF NOT pgstream._scheduler_enabled() THEN
    RETURN;
  END IF;
  LOOP
    -- Asked anew after each refresh: it may have changed a source of the next.
    due := (SELECT d.pgs_id FROM pgstream._due() AS d WHERE d.pgs_id OPERATOR(pg_catalog.<>) ALL (seen) LIMIT 1);
    EXIT WHEN due IS NULL;
    seen := seen OPERATOR(pg_catalog.||) due;
    -- Looking has taken locks on many change buffers; a refresh must not wait for others while it holds those.
    COMMIT;
    BEGIN
      done := pgstream._refresh_due(due);
    EXCEPTION WHEN OTHERS OR assert_failure THEN
      -- What cannot even be recorded must not keep the others from being refreshed.
      done := NULL;
      RAISE WARNING 'the refresh of stream table % failed and could not be recorded: %', due, SQLERRM;
    END;
    COMMIT;
    -- By a person, or by a timeout that is over for the whole call: it is recorded, the rest is for the next pass.
    IF done OPERATOR(pg_catalog.=) 'CANCELED' THEN
      RETURN;
    END IF;
  END LOOP;
  PERFORM pgstream._prune_history();
  COMMIT;
  FOR source IN SELECT t.source_relid FROM pgstream.pgs_change_tracking AS t LOOP
    IF pgstream._cleaning_due(source) THEN
      BEGIN
        PERFORM pgstream._clean_changes(source);
      EXCEPTION
        -- The next pass cleans.
        WHEN lock_not_available THEN NULL;
        WHEN OTHERS THEN RAISE WARNING 'the change buffer of table % could not be cleaned: %', source, SQLERRM;
      END;
      COMMIT;
    END IF;
  END LOOP;
  PERFORM pgstream._watch();
  COMMIT;
END
$$;
