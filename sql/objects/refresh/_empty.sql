-- Removes the rows of a stream table before it is filled anew. Readers see them until that is committed.
CREATE OR REPLACE FUNCTION pgstream._empty(relation oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.refreshing = 'on'
AS $$
BEGIN
  IF pg_relation_size(relation) > 0 THEN
    EXECUTE format('DELETE FROM %s', relation::regclass);
  END IF;
END
$$;
