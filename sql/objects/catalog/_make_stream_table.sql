-- Makes the table of a stream table by `ddl`, as its owner would by CREATE MATERIALIZED VIEW: in the tablespace and with the
-- access method that the session asks for, as far as the owner may, with the rights that the default privileges of the
-- owner give (and not those of whoever installed pg_stream, who makes it).
CREATE OR REPLACE FUNCTION pgstream._make_stream_table(label text, ddl text, owner name) RETURNS regclass
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  space CONSTANT name := (
    SELECT t.spcname FROM pg_tablespace t JOIN pg_database d ON d.dattablespace <> t.oid
    WHERE d.datname = current_database() AND t.spcname = current_setting('default_tablespace'));
  grants record;
BEGIN
  IF space IS NOT NULL AND NOT has_tablespace_privilege(owner, space, 'CREATE') THEN
    RAISE EXCEPTION 'permission denied for tablespace %', space
      USING ERRCODE = 'insufficient_privilege', DETAIL = 'It is the default_tablespace of this session.',
        HINT = format('GRANT CREATE ON TABLESPACE %I TO %I; or SET default_tablespace = ''''.', space, owner);
  END IF;
  EXECUTE ddl;
  FOR grants IN
    SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
    FROM pg_class c, aclexplode(c.relacl) AS a WHERE c.oid = label::regclass AND a.grantee <> c.relowner
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM %s', label, grants.grantee);
  END LOOP;
  EXECUTE format('ALTER TABLE %s OWNER TO %I', label, owner);
  -- Those that are set for all schemas and those that are set for this one add up. The owner itself needs its rights: refreshes
  -- run with them.
  FOR grants IN
    SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee,
      a.privilege_type AS privilege, a.is_grantable
    FROM pg_class c JOIN pg_default_acl d ON d.defaclrole = c.relowner AND d.defaclobjtype = 'r' AND d.defaclnamespace IN (0, c.relnamespace)
    CROSS JOIN LATERAL aclexplode(d.defaclacl) AS a
    WHERE c.oid = label::regclass AND a.grantee <> c.relowner
    ORDER BY 1, 2, 3
  LOOP
    EXECUTE format('GRANT %s ON %s TO %s', grants.privilege, label, grants.grantee)
      || CASE WHEN grants.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END;
  END LOOP;
  IF EXISTS (
    SELECT FROM pg_class c, aclexplode(acldefault('r', c.relowner)) AS d
    WHERE c.oid = label::regclass AND c.relacl IS NOT NULL AND d.privilege_type NOT IN (
      SELECT a.privilege_type FROM aclexplode(c.relacl) AS a WHERE a.grantee = c.relowner))
  THEN
    EXECUTE format('GRANT ALL ON %s TO %I', label, owner);
  END IF;
  PERFORM pgstream._install_guard(label::regclass);
  EXECUTE format('COMMENT ON TABLE %s IS %L', label, 'stream table, maintained by pg_stream');
  RETURN label::regclass;
END
$$;
