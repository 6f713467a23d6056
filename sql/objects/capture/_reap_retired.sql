-- At the end of the transaction that has retired capture: takes it away, when it can. Not before: what else the transaction does
-- may have to wait for somebody, and with the locks in hand that this takes nobody may.
CREATE OR REPLACE FUNCTION pgstream._reap_retired() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
BEGIN
  PERFORM pgstream._reap_capture(NEW.source_relid);
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  -- The scheduler tries it again. Nobody's COMMIT is to fail for it.
  RETURN NULL;
END
$$;
