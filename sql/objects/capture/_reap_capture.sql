-- Takes away what has captured the changes of a source that nobody reads any more (pgstream._retire_capture); false when it cannot
-- be done at once. It waits for nobody while it holds a lock that others may wait for, so it has no part in any deadlock.
CREATE OR REPLACE FUNCTION pgstream._reap_capture(source oid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
-- For what only cleaners lock, and not for long.
SET lock_timeout = '100ms'
AS $$
DECLARE
  prefix CONSTANT name := format('capture_%s_', source);
  carrier text;
BEGIN
  -- Somebody may be at it who needs it again.
  PERFORM FROM pgstream.pgs_change_tracking t WHERE t.source_relid = source AND t.is_retired FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  FOR carrier IN
    -- LOCK takes no foreign table; of one, lock_timeout is all there is.
    SELECT DISTINCT pgstream._qualified_name(t.tgrelid) FROM pg_trigger t
    JOIN pg_proc p ON p.oid = t.tgfoid
    JOIN pg_class c ON c.oid = t.tgrelid AND c.relkind <> 'f'
    WHERE p.pronamespace = 'pgstream_changes'::regnamespace AND p.proname >= prefix AND p.proname < pgstream._name_after(prefix) ORDER BY 1
  LOOP
    EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE NOWAIT', carrier);
  END LOOP;
  PERFORM pgstream._drop_capture(source);
  RETURN true;
-- A cursor or trigger of our own transaction, too; or it was dropped just now.
EXCEPTION WHEN lock_not_available OR object_in_use OR undefined_table THEN
  RETURN false;
END
$$;
