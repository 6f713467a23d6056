-- Holds off the writers of several sources whose capture is to be made, to the end of the transaction.
--
-- Who waited for writers of the second with the first in hand would keep the writers of the first waiting as long, and meet who
-- writes both in a deadlock. So only the first is waited for like any lock. For the others no longer than a deadlock takes to be
-- found: then everything is let go of, and the one that was not to be had is the first.
CREATE OR REPLACE FUNCTION pgstream._lock_sources(sources oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  places oid[] := sources;
  -- In ms; 0: for ever.
  given CONSTANT double precision := (SELECT s.setting::double precision FROM pg_settings s WHERE s.name = 'lock_timeout');
  longest CONSTANT double precision := (SELECT s.setting::double precision / 2 FROM pg_settings s WHERE s.name = 'deadlock_timeout');
  started CONSTANT timestamptz := clock_timestamp();
  patience double precision := 20;
  source oid;
  label text;
BEGIN
  LOOP
    BEGIN
      FOREACH source IN ARRAY places LOOP
        label := pgstream._qualified_name(source);
        -- Or somebody has dropped it, which will be found.
        CONTINUE WHEN label IS NULL;
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', label);
        PERFORM set_config('lock_timeout', greatest(1, patience)::integer || 'ms', true);
      END LOOP;
      PERFORM set_config('lock_timeout', given || 'ms', true);
      RETURN;
    EXCEPTION WHEN lock_not_available THEN
      IF given > 0 AND extract(epoch FROM clock_timestamp() - started) * 1000 >= given THEN
        RAISE;
      END IF;
      places := source || array_remove(places, source);
    END;
    -- Two who do this do not take turns for ever.
    PERFORM pg_sleep(patience * random() / 1000);
    patience := least(2 * patience, longest);
  END LOOP;
END
$$;
