-- What is left to do when nothing is due: old history and consumed changes go, people are told of what they should know.
CREATE OR REPLACE PROCEDURE pgstream._tidy()
LANGUAGE plpgsql
AS $$
DECLARE
  source pg_catalog.oid;
  altered pg_catalog.int8[];
  id pg_catalog.int8;
BEGIN
  IF NOT pgstream._scheduler_enabled() THEN
    RETURN;
  END IF;
  -- Where there are many sources, asking them all is done once a second in each session. (DISCARD ALL, as poolers do, leaves ''.)
  IF nullif(pg_catalog.current_setting('pg_stream.tidied_at', true), '')::pg_catalog.float8
      OPERATOR(pg_catalog.>) (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.-) 1)
    -- Or the clock was set back.
    AND nullif(pg_catalog.current_setting('pg_stream.tidied_at', true), '')::pg_catalog.float8
      OPERATOR(pg_catalog.<=) pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())
    AND 100 OPERATOR(pg_catalog.<) (SELECT pg_catalog.count(*) FROM pgstream.pgs_change_tracking AS t) THEN
    RETURN;
  END IF;
  PERFORM pg_catalog.set_config('pg_stream.tidied_at', pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())::pg_catalog.text, false);
  PERFORM pgstream._prune_history();
  CALL pgstream._commit();
  FOREACH source IN ARRAY pgstream._cleaning_due() LOOP
    BEGIN
      PERFORM pgstream._clean_changes(source);
    EXCEPTION
      -- The next pass cleans.
      WHEN lock_not_available THEN NULL;
      WHEN OTHERS THEN RAISE WARNING 'the change buffer of table % could not be cleaned: %', source, SQLERRM;
    END;
    CALL pgstream._commit();
  END LOOP;
  FOREACH source IN ARRAY ARRAY(SELECT t.source_relid FROM pgstream.pgs_change_tracking AS t WHERE t.is_retired) LOOP
    BEGIN
      PERFORM pgstream._reap_capture(source);
    EXCEPTION WHEN OTHERS THEN
      -- Whoever alters the source at this moment; the next pass tries again.
      IF NOT pgstream._passes_by_itself(SQLSTATE, SQLERRM) THEN
        RAISE WARNING 'the capture of table %, which nobody needs any more, could not be taken away: %', source, SQLERRM;
      END IF;
    END;
    CALL pgstream._commit();
  END LOOP;
  altered := pgstream._watch();
  CALL pgstream._commit();
  FOREACH id IN ARRAY altered LOOP
    PERFORM pgstream._follow_unseen(id);
    CALL pgstream._commit();
  END LOOP;
END
$$;
