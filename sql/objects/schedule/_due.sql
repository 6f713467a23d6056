-- What is due now (pgstream._due_of), of all stream tables.
CREATE OR REPLACE FUNCTION pgstream._due()
RETURNS TABLE (group_id bigint, members bigint[], versions xid[], rank integer, below timestamptz, was_left boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wanting bigint[];
  wanting_versions xid[];
BEGIN
  SELECT coalesce(array_agg(w.pgs_id), '{}'), coalesce(array_agg(w.version), '{}') INTO wanting, wanting_versions
  FROM pgstream._wanting() AS w WHERE w.wants_at <= clock_timestamp();
  RETURN QUERY SELECT d.* FROM pgstream._due_of(wanting, wanting_versions) AS d;
END
$$;
