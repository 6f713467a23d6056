-- pgstream._ensure_identities for what a refresh of a stream table writes.
CREATE OR REPLACE FUNCTION pgstream._ensure_own_identities(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  first_state CONSTANT name := format('state_%s_', id);
BEGIN
  IF EXISTS (SELECT FROM pg_publication) THEN
    PERFORM pgstream._ensure_identities(ARRAY(
      SELECT s.pgs_relid FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id
      UNION ALL
      SELECT c.oid FROM pg_class c
      WHERE c.relname >= first_state AND c.relname < pgstream._name_after(first_state)
        AND c.relnamespace = 'pgstream_state'::regnamespace AND c.relkind = 'r'));
  END IF;
END
$$;
