-- Errors that say nothing of the stream table, and are over when it is tried again: lost races, locks, connections, the
-- server's limits of the moment (disk, memory, connections) and its system. "tuple concurrently updated" is DDL that
-- met other DDL; PostgreSQL never translates it.
CREATE OR REPLACE FUNCTION pgstream._passes_by_itself(state text, message text) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT left(state, 2) IN ('40', '53', '55', '57', '58', '08') AND state <> '55000'
    OR state = 'XX000' AND message LIKE 'tuple concurrently %'
$$;
