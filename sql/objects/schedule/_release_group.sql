-- Gives back what pgstream._claim_group has taken, if it could take it.
CREATE OR REPLACE FUNCTION pgstream._release_group(group_id bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET client_min_messages = error
AS $$
  SELECT pg_advisory_unlock('pgstream.graph'::regclass::oid::integer, (group_id % 2147483647)::integer)
$$;
