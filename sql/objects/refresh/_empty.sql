-- Removes the rows of a stream table before it is filled anew, as its owner, whose triggers may run. Readers see them until
-- that is committed.
CREATE OR REPLACE FUNCTION pgstream._empty(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.refreshing = 'on'
AS $$
DECLARE
  relation oid := (SELECT s.pgs_relid FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id);
BEGIN
  IF pg_relation_size(relation) > 0 THEN
    EXECUTE format('DELETE FROM %s', relation::regclass);
  END IF;
END
$$;
