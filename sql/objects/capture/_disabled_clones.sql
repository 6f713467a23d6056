-- The triggers of `source` that a partition has from the one on its parent (pgstream._install_capture_triggers), where somebody has
-- disabled them: rows that a MERGE moves out of it would not be noticed.
CREATE OR REPLACE FUNCTION pgstream._disabled_clones(source oid, carrier oid) RETURNS SETOF name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
  WHERE t.tgrelid = carrier AND t.tgparentid <> 0 AND t.tgenabled <> 'A'
    AND p.pronamespace = 'pgstream_changes'::regnamespace AND p.proname = format('capture_%s_moved', source)
$$;
