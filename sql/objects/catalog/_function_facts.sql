-- FunctionFacts of the given functions, keyed by oid.
CREATE OR REPLACE FUNCTION pgstream._function_facts(functions oid[]) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning this query anew for each array of oids costs more than running it.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
  RETURN (
  SELECT coalesce(jsonb_object_agg(p.oid::text, jsonb_build_object(
    'oid', p.oid::bigint, 'schema', n.nspname, 'name', p.proname, 'sql', format('%I.%I', n.nspname, p.proname),
    'kind', p.prokind,
    -- CREATE AGGREGATE marks every aggregate immutable, whatever its functions are: the least stable of them counts.
    'volatility', CASE WHEN p.prokind <> 'a' THEN p.provolatile::text ELSE (
      SELECT max(f.provolatile::text) FROM pg_aggregate a JOIN pg_proc f
        ON f.oid IN (p.oid, a.aggtransfn, a.aggfinalfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
      WHERE a.aggfnoid = p.oid) END,
    'strict', p.proisstrict, 'returnsSet', p.proretset,
    'result', p.prorettype::bigint,
    'arguments', coalesce((SELECT jsonb_agg(a::bigint ORDER BY i) FROM unnest(p.proargtypes) WITH ORDINALITY AS u(a, i)), '[]'),
    'variadic', p.provariadic::bigint)
    || CASE WHEN p.oid >= 12000 AND p.proargdefaults IS NOT NULL THEN jsonb_build_object('defaults', p.proargdefaults::text) ELSE '{}' END
    || CASE WHEN p.oid >= 12000 THEN jsonb_strip_nulls(jsonb_build_object('rivals', pgstream._rivals('pg_proc'::regclass, p.oid))) ELSE '{}' END), '{}')
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.oid = ANY (functions));
END
$$;
