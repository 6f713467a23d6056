-- The size of a delta of n rows, as its cost goes: what rows have in common (a group, a page, the start of a plan) is paid
-- once, so ten times the rows cost about six times as much (measured from 1,000 to 100,000 rows: 2 to 9 times). Without
-- settings of its own it is inlined.
CREATE OR REPLACE FUNCTION pgstream._delta_size(n bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE
AS $$
  SELECT pg_catalog.power(greatest(n, 1)::pg_catalog.float8, 0.8::pg_catalog.float8)
$$;
