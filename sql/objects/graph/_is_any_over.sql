-- Has any of these transactions come to its end?
CREATE OR REPLACE FUNCTION pgstream._is_any_over(transactions bigint[], snapshot pg_snapshot) RETURNS boolean
LANGUAGE sql STABLE
AS $$
  SELECT transactions <> '{}' AND EXISTS (
    SELECT FROM unnest(transactions) AS x
    WHERE x < pg_snapshot_xmax(snapshot)::text::bigint
      AND x <> ALL (ARRAY(SELECT p::text::bigint FROM pg_snapshot_xip(snapshot) AS p)))
$$;
