-- What the rights on the buffer of a source differ in from what the owners of its readers need: columns to grant to a
-- role, or to revoke.
CREATE OR REPLACE FUNCTION pgstream._missing_buffer_grants(source oid)
RETURNS TABLE (role oid, is_granted boolean, columns text)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  WITH buffered AS (
    SELECT b.attname, b.attacl FROM pg_attribute b
    WHERE b.attrelid = to_regclass(pgstream._buffer_name(source)) AND b.attnum > 0 AND NOT b.attisdropped
  ), wanted AS (
    SELECT DISTINCT c.relowner AS role, u.attname::text
    FROM pgstream.pgs_dependencies d
    JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    JOIN pg_class c ON c.oid = s.pgs_relid
    CROSS JOIN LATERAL (
      SELECT kind || a FROM unnest(d.columns) AS a, unnest('{c,p}'::text[]) AS kind
      UNION ALL VALUES ('xid'), ('seq'), ('weight'), ('part'), ('n')) AS u(attname)
    WHERE d.source_relid = source AND d.is_captured
  ), granted AS (
    SELECT DISTINCT a.grantee AS role, b.attname::text FROM buffered b, aclexplode(b.attacl) AS a
    WHERE a.grantee <> 0 AND a.privilege_type = 'SELECT'
  )
  SELECT coalesce(w.role, g.role), w.role IS NULL, string_agg(quote_ident(coalesce(w.attname, g.attname)), ', ')
  FROM wanted w FULL JOIN granted g USING (role, attname)
  WHERE w.role IS NULL AND EXISTS (SELECT FROM pg_roles r WHERE r.oid = g.role)
    OR g.role IS NULL AND EXISTS (SELECT FROM buffered b WHERE b.attname = w.attname)
  GROUP BY 1, 2
$$;
