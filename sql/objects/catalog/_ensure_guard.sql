-- Puts the guard back on a stream table that is defined or restored anew, where it was dropped or disabled: pg_restore
-- --disable-triggers leaves it enabled for some sessions only.
CREATE OR REPLACE FUNCTION pgstream._ensure_guard(relation oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgfoid = 'pgstream._refuse_write'::regproc AND t.tgenabled = 'A') THEN
    PERFORM pgstream._install_guard(relation);
  END IF;
END
$$;
