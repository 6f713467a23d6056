-- After everything was computed that changes are to be added to: of sources that policies hide rows of by now, from the owner, it may
-- be a part. A role was altered at this moment, or since the snapshot of a REPEATABLE READ transaction, which shows roles as they were.
CREATE OR REPLACE FUNCTION pgstream._refuse_hidden(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (
      SELECT FROM pgstream.pgs_dependencies d JOIN pg_class c ON c.oid = d.source_relid
      WHERE d.pgs_id = id AND d.is_captured AND c.relrowsecurity)
    AND 'true' = (SELECT h FROM pgstream._call_as_owner(id, 'hidden') AS h) THEN
    RAISE EXCEPTION 'could not serialize access: row-level security of a source holds for the owner of the stream table by now'
      USING ERRCODE = 'serialization_failure', HINT = 'Retry the transaction.';
  END IF;
END
$$;
