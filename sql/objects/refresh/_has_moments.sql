-- Do stream tables that are refreshed together show different moments? One was filled, resumed or made anew by itself, or
-- what is defined since makes a group of them.
CREATE OR REPLACE FUNCTION pgstream._has_moments(members bigint[]) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT cardinality(members) > 1 AND (
    SELECT min(f.checked_at) < max(f.checked_at) OR min(coalesce(f.data_timestamp, '-infinity')) < max(f.data_timestamp)
    FROM pgstream.frontiers f JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    WHERE f.pgs_id = ANY (members) AND s.is_populated AND s.status <> 'SUSPENDED' AND s.broken_reason IS NULL)
$$;
