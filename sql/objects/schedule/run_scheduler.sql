-- One pass: every due stream table, sources before readers, each in a transaction of its own. Any number of callers may
-- run at once: they share the work by claiming it. A procedure that commits can be neither SECURITY DEFINER nor have a
-- SET clause, so everything in it is qualified.
CREATE OR REPLACE PROCEDURE pgstream.run_scheduler()
LANGUAGE plpgsql
AS $$
DECLARE
  due bigint;
  seen bigint[] := '{}';
  source pg_catalog.oid;
BEGIN
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
    PERFORM pgstream._refresh_due(due);
    COMMIT;
  END LOOP;
  PERFORM pgstream._prune_history();
  COMMIT;
  IF pgstream._cleaning_due() THEN
    FOR source IN SELECT t.source_relid FROM pgstream.pgs_change_tracking AS t LOOP
      PERFORM pgstream._clean_changes(source);
      COMMIT;
    END LOOP;
  END IF;
END
$$;
