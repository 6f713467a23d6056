-- Holds off the writers of the ordinary tables that a group of stream tables reads, to the end of the transaction; in the
-- order of their oids, like everybody else.
CREATE OR REPLACE FUNCTION pgstream._lock_writers(members bigint[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source oid;
BEGIN
  FOR source IN
    SELECT DISTINCT d.source_relid FROM pgstream.pgs_dependencies d JOIN pg_class c ON c.oid = d.source_relid
    WHERE d.pgs_id = ANY (members) AND c.relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = d.source_relid AND s.pgs_id = ANY (members))
    ORDER BY d.source_relid
  LOOP
    EXECUTE format('LOCK TABLE %s IN SHARE MODE', pgstream._qualified_name(source));
  END LOOP;
END
$$;
