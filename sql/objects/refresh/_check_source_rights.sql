-- A delta reads the change buffers, which stay readable when the right to read a source is taken away or the stream table
-- gets another owner: so the rights on the sources themselves are asked for.
CREATE OR REPLACE FUNCTION pgstream._check_source_rights(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  denied oid;
  owner oid;
BEGIN
  SELECT d.source_relid, c.relowner INTO denied, owner
  FROM pgstream.pgs_dependencies d
  JOIN pgstream.pgs_stream_tables s USING (pgs_id)
  JOIN pg_class c ON c.oid = s.pgs_relid
  WHERE d.pgs_id = id AND NOT has_table_privilege(c.relowner, d.source_relid, 'SELECT')
    AND NOT CASE WHEN d.columns = '{}' THEN has_any_column_privilege(c.relowner, d.source_relid, 'SELECT')
      ELSE (SELECT bool_and(has_column_privilege(c.relowner, d.source_relid, a, 'SELECT')) FROM unnest(d.columns) AS a) END
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'permission denied for table %', (SELECT c.relname FROM pg_class c WHERE c.oid = denied)
      USING ERRCODE = 'insufficient_privilege',
        DETAIL = format('Role "%s" owns the stream table; a refresh reads with its rights.', pg_get_userbyid(owner)),
        HINT = format('GRANT SELECT ON %s TO %I.', pgstream._qualified_name(denied), pg_get_userbyid(owner));
  END IF;
END
$$;
