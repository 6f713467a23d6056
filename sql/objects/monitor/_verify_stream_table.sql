-- The part of verify_stream_table that must not depend on the caller's search_path. Runs as the owner (pgstream._as_owner).
CREATE OR REPLACE FUNCTION pgstream._verify_stream_table(id bigint, query text) RETURNS TABLE (weight bigint, "row" jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY EXECUTE pgstream._verify_query(id, query);
END
$$;
