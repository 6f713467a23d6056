-- Publishes a stream table for logical replication and returns the name of the publication: an existing one gets it as a
-- further table, else one is created. For owners of the stream table, with what PostgreSQL asks of who makes a publication:
-- CREATE on the database, or to be the publication's owner.
CREATE OR REPLACE FUNCTION pgstream.stream_table_to_publication(name text, publication text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  id bigint := pgstream._stream_table_id(name);
  target record;
  chosen text;
  identity text;
BEGIN
  PERFORM pgstream._check_owner(id);
  SELECT s.pgs_relid, s.pgs_schema, s.pgs_name, pgstream._qualified_name(s.pgs_relid) AS label INTO target
  FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) id;
  chosen := coalesce(publication, pg_catalog.left(pg_catalog.format('pgs_%s_%s', target.pgs_schema, target.pgs_name), 63));
  IF chosen OPERATOR(pg_catalog.=) '' OR pg_catalog.octet_length(chosen) OPERATOR(pg_catalog.>) 63 THEN
    RAISE EXCEPTION 'invalid name of a publication: "%"', pg_catalog.left(chosen, 100)
      USING ERRCODE = 'invalid_name', HINT = 'Give a name of 1 to 63 bytes.';
  END IF;
  IF pg_catalog.current_setting('wal_level') OPERATOR(pg_catalog.<>) 'logical' THEN
    RAISE EXCEPTION 'this server does not write what a publication needs'
      USING ERRCODE = 'object_not_in_prerequisite_state',
        DETAIL = pg_catalog.format('The setting wal_level is %s.', pg_catalog.current_setting('wal_level')),
        HINT = 'ALTER SYSTEM SET wal_level = logical, then restart the server.';
  END IF;
  identity := pgstream._publication_identity(target.pgs_relid);
  EXECUTE pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY %s', target.label, identity);
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_publication p WHERE p.pubname OPERATOR(pg_catalog.=) chosen::pg_catalog.name) THEN
    EXECUTE pg_catalog.format('CREATE PUBLICATION %I FOR TABLE ONLY %s', chosen, target.label);
  ELSIF NOT EXISTS (
    SELECT FROM pg_catalog.pg_publication_tables t
    WHERE t.pubname OPERATOR(pg_catalog.=) chosen::pg_catalog.name AND t.schemaname OPERATOR(pg_catalog.=) target.pgs_schema
      AND t.tablename OPERATOR(pg_catalog.=) target.pgs_name)
  THEN
    EXECUTE pg_catalog.format('ALTER PUBLICATION %I ADD TABLE ONLY %s', chosen, target.label);
  END IF;
  RETURN chosen;
END
$$;
