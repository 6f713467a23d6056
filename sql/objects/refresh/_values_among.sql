-- How many values a column of a table may have among so many of its rows, by the statistics that the caller may read; as many as
-- PostgreSQL expects where there are none (DEFAULT_NUM_DISTINCT in selfuncs.c).
CREATE OR REPLACE FUNCTION pgstream._values_among(source oid, attnum int, n bigint) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT least(n, coalesce((
    SELECT greatest(1, CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(c.reltuples, n) ELSE s.n_distinct END)::bigint
    FROM pg_class c
    JOIN pg_namespace m ON m.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = _values_among.attnum
    JOIN pg_stats s ON s.schemaname = m.nspname AND s.tablename = c.relname AND s.attname = a.attname
    WHERE c.oid = source
    ORDER BY s.inherited DESC LIMIT 1), 200))
$$;
