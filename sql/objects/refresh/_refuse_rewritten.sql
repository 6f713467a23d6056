-- What a refresh says when its snapshot no longer shows a source as it was.
CREATE OR REPLACE FUNCTION pgstream._refuse_rewritten(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'could not serialize access: source table % was truncated or rewritten', pgstream._qualified_name(source)
    USING ERRCODE = 'serialization_failure', HINT = 'Retry the transaction.';
END
$$;
