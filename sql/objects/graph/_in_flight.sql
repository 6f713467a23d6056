-- The transactions that are under way for the statement that asks; our own is none of them.
CREATE OR REPLACE FUNCTION pgstream._in_flight() RETURNS bigint[]
LANGUAGE sql STABLE
AS $$
  SELECT ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(pg_current_snapshot()) AS x)
$$;
