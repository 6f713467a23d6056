-- Does a generated function run with the rights of this role? The short form of pgstream._check_generated, asked before each
-- call. No search_path of its own, like what calls it (pgstream._refresh).
CREATE OR REPLACE FUNCTION pgstream._runs_as(generated name, owner oid) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM pg_proc p
    WHERE p.proname = generated AND p.pronamespace = 'pgstream_state'::regnamespace AND p.prosecdef AND p.proowner = owner);
END
$$;
