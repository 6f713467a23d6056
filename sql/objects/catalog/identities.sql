-- Of the catalog's own tables those that have no key: a publication FOR ALL TABLES would keep them from being written
-- (pgstream._ensure_identities). They have a row or two.
DO $$
DECLARE
  relation regclass;
BEGIN
  FOR relation IN
    SELECT c.oid FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = 'pgstream'::pg_catalog.regnamespace AND c.relkind = 'r' AND c.relreplident = 'd'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary)
    ORDER BY c.oid
  LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY FULL', relation);
  END LOOP;
END
$$;
