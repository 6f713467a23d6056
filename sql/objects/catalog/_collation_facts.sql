-- CollationFacts of the given collations, keyed by oid.
CREATE OR REPLACE FUNCTION pgstream._collation_facts(collations oid[]) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning this query anew for each array of oids costs more than running it.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
  RETURN (
  SELECT coalesce(jsonb_object_agg(c.oid::text, jsonb_build_object(
    'oid', c.oid::bigint, 'schema', n.nspname, 'name', c.collname, 'sql', format('%I.%I', n.nspname, c.collname),
    'deterministic', c.collisdeterministic)), '{}')
  FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
  WHERE c.oid = ANY (collations));
END
$$;
