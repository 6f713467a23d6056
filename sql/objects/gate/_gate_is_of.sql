-- Is the gate of a stream table granted to this owner, and to nobody else?
CREATE OR REPLACE FUNCTION pgstream._gate_is_of(id bigint, owner oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(bool_or(a.grantee = owner) AND bool_and(a.grantee IN (owner, p.proowner)), false)
  FROM pg_proc p, aclexplode(p.proacl) AS a
  WHERE p.oid = to_regprocedure(format('pgstream_state.gate_%s(text, jsonb)', id))
$$;
