-- OperatorFacts of the given operators, keyed by oid.
CREATE OR REPLACE FUNCTION pgstream._operator_facts(operators oid[]) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning this query anew for each array of oids costs more than running it.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
  RETURN (
  SELECT coalesce(jsonb_object_agg(o.oid::text, jsonb_build_object(
    'oid', o.oid::bigint, 'schema', n.nspname, 'name', o.oprname, 'left', o.oprleft::bigint,
    'right', o.oprright::bigint, 'result', o.oprresult::bigint, 'code', o.oprcode::oid::bigint,
    'commutator', o.oprcom::bigint, 'negator', o.oprnegate::bigint,
    'equality', EXISTS (
      SELECT FROM pg_amop m JOIN pg_am am ON am.oid = m.amopmethod
      WHERE m.amopopr = o.oid AND m.amoppurpose = 's'
        AND (am.amname = 'btree' AND m.amopstrategy = 3 OR am.amname = 'hash' AND m.amopstrategy = 1)))
    || CASE WHEN o.oid >= 12000 THEN jsonb_strip_nulls(jsonb_build_object('rivals', pgstream._rivals('pg_operator'::regclass, o.oid))) ELSE '{}' END), '{}')
  FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
  WHERE o.oid = ANY (operators));
END
$$;
