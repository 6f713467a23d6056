-- PostgreSQL refuses to update and delete what is published (FOR ALL TABLES, IN SCHEMA, or by itself) and has nothing by which a
-- subscriber could tell rows apart. Gives it to those of these tables, which are pg_stream's to change, that need it: once for each
-- publication, table and key; readers wait for that moment, or it is tried again.
CREATE OR REPLACE FUNCTION pgstream._ensure_identities(relations oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
SET lock_timeout = '500ms'
AS $$
DECLARE
  relation oid;
BEGIN
  FOR relation IN
    SELECT c.oid FROM pg_class c
    WHERE c.oid = ANY (relations) AND c.relkind = 'r'
      AND (c.relreplident = 'n' OR c.relreplident <> 'f' AND NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid
          AND CASE c.relreplident WHEN 'd' THEN i.indisprimary AND i.indimmediate ELSE i.indisreplident END))
      AND EXISTS (
        SELECT FROM pg_publication p
        WHERE (p.pubupdate OR p.pubdelete) AND (p.puballtables
          OR EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = c.oid)
          OR EXISTS (SELECT FROM pg_publication_namespace n WHERE n.pnpubid = p.oid AND n.pnnspid = c.relnamespace)))
      AND pg_has_role(c.relowner, 'USAGE')
    ORDER BY c.oid
  LOOP
    EXECUTE format('ALTER TABLE ONLY %s REPLICA IDENTITY %s', pgstream._qualified_name(relation), pgstream._publication_identity(relation));
  END LOOP;
END
$$;
