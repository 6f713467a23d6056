-- What writes says so before it fails in the middle.
CREATE OR REPLACE FUNCTION pgstream._refuse_read_only() RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF pg_is_in_recovery() THEN
    RAISE EXCEPTION 'a stream table cannot be refreshed or changed on a standby'
      USING ERRCODE = 'read_only_sql_transaction', DETAIL = 'The server is in recovery: it shows what the primary has refreshed.',
        HINT = 'Connect to the primary, or promote this server.';
  END IF;
  RAISE EXCEPTION 'a stream table cannot be refreshed or changed in a read-only transaction'
    USING ERRCODE = 'read_only_sql_transaction', HINT = 'Begin the transaction with READ WRITE; see also default_transaction_read_only.';
END
$$;
