-- The capture triggers of `source` on a relation, whatever they are called now: known by their function. One with a
-- condition does not count, but for the one that is made so; a name that is ours does, so that it can be taken away.
CREATE OR REPLACE FUNCTION pgstream._capture_triggers(source oid, carrier oid)
RETURNS TABLE (name name, enabled boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT t.tgname, t.tgenabled = 'A' AND (t.tgqual IS NULL) = (p.proname <> format('capture_%s_moved', source)) AND p.oid IS NOT NULL
  FROM pg_trigger t
  LEFT JOIN pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = 'pgstream_changes'::regnamespace
    AND p.proname ~ format('^capture_%s_', source)
  WHERE t.tgrelid = carrier AND t.tgparentid = 0 AND NOT t.tgisinternal
    AND (p.oid IS NOT NULL OR t.tgname ~ format('^pgstream_capture_%s_', source))
$$;
