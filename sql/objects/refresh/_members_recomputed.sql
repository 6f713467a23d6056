-- Of groups of stream tables (pgstream._groups_needed), the members of those whose writers have to be held off: those of which one is
-- recomputed, and what was `outrun`.
CREATE OR REPLACE FUNCTION pgstream._members_recomputed(groups text[], outrun bigint[]) RETURNS bigint[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(array_agg(m), '{}')
  FROM unnest(groups) AS g(members), unnest(g.members::bigint[]) AS m
  WHERE cardinality(g.members::bigint[]) > 1 AND (g.members::bigint[] && outrun
    OR EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = ANY (g.members::bigint[]) AND s.strategy = 'FULL'))
$$;
