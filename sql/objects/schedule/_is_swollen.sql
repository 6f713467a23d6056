-- Does this session keep so much that it should end? Plans are kept for all that it has refreshed, about 2 MB for a stream table over
-- joins and groups, and PostgreSQL lets go of them with the session alone. An eighth of what the server has for caching: of four sessions,
-- half. Costs 0.1 ms for each MB. Who may not look into the session's memory (pg_read_all_stats) is not told.
CREATE OR REPLACE FUNCTION pgstream._is_swollen() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- In a statement of its own: the right is asked for before anything is computed.
  IF NOT has_function_privilege('pg_get_backend_memory_contexts()', 'EXECUTE') THEN
    RETURN false;
  END IF;
  RETURN (SELECT sum(m.total_bytes) FROM pg_get_backend_memory_contexts() AS m)
    > greatest(pg_size_bytes(current_setting('effective_cache_size')) / 8, 33554432);
END
$$;
