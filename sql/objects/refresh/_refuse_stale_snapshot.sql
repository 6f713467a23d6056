-- Under REPEATABLE READ the snapshot is older than our locks, and TRUNCATE (like every rewrite) is not MVCC-safe: the
-- table would look empty while its truncation is not yet visible. The file that the table has now and the file that it
-- had at the snapshot tell.
CREATE OR REPLACE FUNCTION pgstream._refuse_stale_snapshot(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  carrier oid;
BEGIN
  FOR carrier IN
    SELECT unnest(t.carriers) FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_change_tracking t USING (source_relid)
    WHERE d.pgs_id = id
  LOOP
    EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE', carrier::regclass);
    IF pg_relation_filenode(carrier) <> (SELECT c.relfilenode FROM pg_class c WHERE c.oid = carrier) THEN
      RAISE EXCEPTION 'could not serialize access: source table % was truncated or rewritten', carrier::regclass
        USING ERRCODE = 'serialization_failure', HINT = 'Retry the transaction.';
    END IF;
  END LOOP;
END
$$;
