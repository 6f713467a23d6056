-- Makes an index on a stream table, and says in its comment that it is pg_stream's. By that it is told from one
-- of the owner's over the same columns when another plan wants another index; a comment stays through REINDEX CONCURRENTLY and a
-- new name, which neither its oid nor its name does.
CREATE OR REPLACE FUNCTION pgstream._make_index(relation oid, ddl text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  others CONSTANT oid[] := ARRAY(SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = relation);
  made oid;
BEGIN
  EXECUTE ddl;
  SELECT i.indexrelid INTO STRICT made FROM pg_index i WHERE i.indrelid = relation AND i.indexrelid <> ALL (others);
  EXECUTE format('COMMENT ON INDEX %s IS %L', pgstream._qualified_name(made), 'pg_stream: made for refreshes');
END
$$;
