-- Has every carrier all triggers of `source`, enabled ALWAYS?
CREATE OR REPLACE FUNCTION pgstream._capture_is_complete(source oid, carriers oid[], level text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT NOT EXISTS (
    SELECT FROM pg_class c
    WHERE c.oid = ANY (carriers)
      AND (SELECT count(*) FROM pg_trigger t
        WHERE t.tgrelid = c.oid AND t.tgenabled = 'A' AND t.tgname ~ format('^pgstream_capture_%s_', source))
        <> CASE WHEN level = 'STATEMENT' THEN 4 WHEN c.relkind = 'p' THEN 1 ELSE 2 END)
$$;
