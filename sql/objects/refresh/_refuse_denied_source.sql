-- requires: refresh/_refresh_rights
-- Refuses a delta to an owner who must not read a source (pgstream._refresh_rights.denied_source).
CREATE OR REPLACE FUNCTION pgstream._refuse_denied_source(target pgstream._refresh_rights) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  RAISE EXCEPTION 'permission denied for table %', (SELECT c.relname FROM pg_class c WHERE c.oid = target.denied_source)
    USING ERRCODE = 'insufficient_privilege',
      DETAIL = format('Role "%s" owns the stream table; a refresh reads with its rights.', pg_get_userbyid(target.owner)),
      HINT = format('GRANT SELECT ON %s TO %I.', pgstream._qualified_name(target.denied_source), pg_get_userbyid(target.owner));
END
$$;
