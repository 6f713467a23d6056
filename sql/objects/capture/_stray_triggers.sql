-- Triggers that call a capture function of ours on tables whose rows are none of its source's: they come along when a table is
-- restored from a dump beside the one that it was taken from. What writers of such a table note is "recompute"
-- (pgstream._guard_capture_body). Without a search_path of its own: its callers pin one, and who asks for one trigger is answered by the
-- index of pg_trigger.
CREATE OR REPLACE FUNCTION pgstream._stray_triggers() RETURNS TABLE (trigger oid, name name, relation oid, source oid)
LANGUAGE sql STABLE
AS $$
  SELECT t.oid, t.tgname, t.tgrelid, k.source_relid
  FROM pg_proc p
  JOIN pg_trigger t ON t.tgfoid = p.oid
  JOIN pgstream.pgs_change_tracking k ON k.source_relid = substring(p.proname FROM '^capture_([0-9]{1,10})_')::oid
  WHERE p.pronamespace = 'pgstream_changes'::regnamespace AND t.tgparentid = 0 AND NOT t.tgisinternal
    AND NOT k.is_retired AND t.tgrelid <> ALL (k.carriers) AND NOT pgstream._descends(t.tgrelid, k.source_relid)
$$;
