-- Ends a refresh, and lets go of all that it has taken, when by now somebody else has made the stream table as fresh as was asked
-- for. Not under REPEATABLE READ, whose snapshot does not show it.
CREATE OR REPLACE FUNCTION pgstream._leave_fresh(id bigint, since timestamptz) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable')
    AND EXISTS (SELECT FROM pgstream._freshness() f WHERE f.pgs_id = id AND f.data_timestamp > since) THEN
    RAISE EXCEPTION USING ERRCODE = 'PGS06', MESSAGE = 'it was refreshed meanwhile';
  END IF;
END
$$;
