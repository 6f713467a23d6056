-- Stops capturing the changes of `source` when no stream table reads it any more: from this transaction's commit on its triggers do
-- nothing. They stay for now: dropping them takes a lock that readers of the source wait for, and who reads several tables
-- at once could wait for us while we wait for them. pgstream._reap_capture takes everything away when nobody is in the way.
CREATE OR REPLACE FUNCTION pgstream._retire_capture(source oid) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
SET pg_stream.internal = 'on'
AS $$
DECLARE
  generated name;
BEGIN
  PERFORM FROM pgstream.pgs_change_tracking WHERE source_relid = source FOR UPDATE;
  -- A new statement, so it sees a dependency whose creation we waited for.
  IF NOT FOUND OR EXISTS (SELECT FROM pgstream.pgs_dependencies WHERE source_relid = source AND is_captured) THEN
    RETURN false;
  END IF;
  IF pgstream._qualified_name(source) IS NULL THEN
    PERFORM pgstream._drop_capture(source);
    RETURN true;
  END IF;
  UPDATE pgstream.pgs_change_tracking SET is_retired = true WHERE source_relid = source AND NOT is_retired;
  -- The other kind fires before each row, which it passes on, and writes nothing.
  FOR generated IN
    SELECT p.proname FROM pg_proc p
    WHERE p.pronamespace = 'pgstream_changes'::regnamespace AND p.proname = ANY (
      SELECT format('capture_%s_%s', source, event)::name FROM unnest('{insert,update,delete,truncate,row,own}'::text[]) AS event)
  LOOP
    EXECUTE format(E'CREATE OR REPLACE FUNCTION pgstream_changes.%I() RETURNS trigger\nLANGUAGE plpgsql\nAS %L',
      generated, E'BEGIN\n  RETURN NULL;\nEND\n');
  END LOOP;
  PERFORM pgstream._grant_buffer(source);
  RETURN true;
END
$$;
