-- requires: capture/_disabled_clones
-- Has every carrier all triggers of `source`, each once, enabled ALWAYS, and the clones that it has of those of its parents so as well?
CREATE OR REPLACE FUNCTION pgstream._capture_is_complete(source oid, carriers oid[], level text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT NOT EXISTS (
    SELECT FROM pg_class c
    CROSS JOIN LATERAL (
      SELECT count(*) AS all, count(*) FILTER (WHERE t.enabled) AS enabled FROM pgstream._capture_triggers(source, c.oid) AS t
    ) AS found
    CROSS JOIN LATERAL (
      SELECT CASE WHEN level = 'STATEMENT' THEN 4 + (c.relkind = 'p')::integer
        + (c.oid = source AND EXISTS (SELECT FROM pgstream.pgs_change_tracking t WHERE t.source_relid = source AND -6 = ANY (t.columns)))::integer WHEN c.relkind = 'p' THEN 1 ELSE 2 END
    ) AS wanted(n)
    WHERE c.oid = ANY (carriers) AND (found.all <> wanted.n OR found.enabled <> wanted.n
      OR EXISTS (SELECT FROM pgstream._disabled_clones(source, c.oid))))
$$;
