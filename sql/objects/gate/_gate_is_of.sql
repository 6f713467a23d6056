-- Is the gate of a stream table granted to this owner, and to nobody else? Asked by every refresh.
CREATE OR REPLACE FUNCTION pgstream._gate_is_of(id bigint, owner oid) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  gate CONSTANT name := 'gate_' OPERATOR(pg_catalog.||) id;
BEGIN
  RETURN coalesce((
    SELECT p.proacl OPERATOR(pg_catalog.@>) pg_catalog.makeaclitem(owner, p.proowner, 'EXECUTE', false)
      AND pg_catalog.cardinality(p.proacl) OPERATOR(pg_catalog.=) CASE WHEN owner OPERATOR(pg_catalog.=) p.proowner THEN 1 ELSE 2 END
    FROM pg_catalog.pg_proc p
    WHERE p.proname OPERATOR(pg_catalog.=) gate AND p.pronamespace OPERATOR(pg_catalog.=) 'pgstream_state'::pg_catalog.regnamespace), false);
END
$$;
