-- A delta reads the change buffers, which stay readable when the right to read a source is taken away or the stream table
-- gets another owner: so the rights on the sources themselves are asked for.
CREATE OR REPLACE FUNCTION pgstream._check_source_rights(id bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  denied CONSTANT oid := pgstream._denied_source(id);
  owner oid;
BEGIN
  IF denied IS NULL THEN
    RETURN;
  END IF;
  owner := (SELECT c.relowner FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid WHERE s.pgs_id = id);
  RAISE EXCEPTION 'permission denied for table %', (SELECT c.relname FROM pg_class c WHERE c.oid = denied)
    USING ERRCODE = 'insufficient_privilege',
      DETAIL = format('Role "%s" owns the stream table; a refresh reads with its rights.', pg_get_userbyid(owner)),
      HINT = format('GRANT SELECT ON %s TO %I.', pgstream._qualified_name(denied), pg_get_userbyid(owner));
END
$$;
