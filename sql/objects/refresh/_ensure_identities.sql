-- PostgreSQL refuses to update and delete what is published (FOR ALL TABLES, IN SCHEMA, or by itself) and has nothing by which a
-- subscriber could tell rows apart. Gives it to those of these tables, which are pg_stream's to change, that need it: once for each
-- publication, table and key; readers wait for that moment, or it is tried again.
CREATE OR REPLACE FUNCTION pgstream._ensure_identities(relations oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
SET exit_on_error = off
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
    BEGIN
      EXECUTE format('ALTER TABLE ONLY %s REPLICA IDENTITY %s', pgstream._qualified_name(relation), pgstream._publication_identity(relation));
    EXCEPTION WHEN lock_not_available THEN
      RAISE EXCEPTION 'waiting for those who read % to end: it is published, and needs a replica identity first', pgstream._qualified_name(relation)
        USING ERRCODE = 'lock_not_available', DETAIL = 'It is given one once, at a moment when no transaction is open that has read it.',
          HINT = 'Try again when they have ended, or leave the table out of the publication.';
    END;
  END LOOP;
END
$$;
