-- Holds off the writers of those of several sources whose capture lacks something, before it is made for the first, to the end of the
-- transaction (pgstream._ensure_capture).
--
-- Who waited for writers of the second with the first in hand would keep the writers of the first waiting as long, and meet who
-- writes both in a deadlock. So only the first is waited for like any lock. For the others no longer than a deadlock takes to be
-- found: then everything is let go of, and the one that was not to be had is the first.
CREATE OR REPLACE FUNCTION pgstream._lock_uncaptured(sources jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  lacking oid[] := CASE WHEN jsonb_array_length(sources) > 1 THEN ARRAY(
    SELECT c.oid
    FROM jsonb_array_elements(sources) AS s JOIN pg_class c ON c.oid = (s ->> 'relation')::oid
      CROSS JOIN LATERAL (SELECT ARRAY(SELECT a::smallint FROM jsonb_array_elements_text(s -> 'columns') AS a) AS columns OFFSET 0) AS n
    WHERE c.relkind IN ('r', 'p') AND NOT pgstream._is_captured(c.oid, n.columns) AND pgstream._capture_obstacle(c.oid, n.columns) IS NULL
    ORDER BY c.oid) END;
  -- In ms; 0: for ever.
  given CONSTANT double precision := (SELECT s.setting::double precision FROM pg_settings s WHERE s.name = 'lock_timeout');
  longest CONSTANT double precision := (SELECT s.setting::double precision / 2 FROM pg_settings s WHERE s.name = 'deadlock_timeout');
  started CONSTANT timestamptz := clock_timestamp();
  patience double precision := 20;
  source oid;
  label text;
BEGIN
  IF (cardinality(lacking) > 1) IS NOT TRUE THEN
    RETURN;
  END IF;
  LOOP
    BEGIN
      FOREACH source IN ARRAY lacking LOOP
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
      lacking := source || array_remove(lacking, source);
    END;
    -- Two who do this do not take turns for ever.
    PERFORM pg_sleep(patience * random() / 1000);
    patience := least(2 * patience, longest);
  END LOOP;
END
$$;
