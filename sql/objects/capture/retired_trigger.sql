-- requires: capture/_reap_retired
-- There is no CREATE OR REPLACE for it.
DO $$
BEGIN
  PERFORM pg_catalog.set_config('client_min_messages', 'warning', true);
  DROP TRIGGER IF EXISTS reap_retired ON pgstream.pgs_change_tracking;
  CREATE CONSTRAINT TRIGGER reap_retired AFTER UPDATE OF is_retired ON pgstream.pgs_change_tracking
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.is_retired) EXECUTE FUNCTION pgstream._reap_retired();
  ALTER TABLE pgstream.pgs_change_tracking ENABLE ALWAYS TRIGGER reap_retired;
END
$$;
