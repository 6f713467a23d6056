-- Each owner of a stream table may read, of the buffer of a source, the columns that its stream tables use; nothing more.
CREATE OR REPLACE FUNCTION pgstream._grant_buffer(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  buffer text := pgstream._buffer_name(source);
  reader record;
BEGIN
  IF to_regclass(buffer) IS NULL THEN
    RETURN;
  END IF;
  FOR reader IN
    SELECT a.grantee, string_agg(quote_ident(b.attname), ', ') AS columns
    FROM pg_attribute b, aclexplode(b.attacl) AS a
    WHERE b.attrelid = buffer::regclass AND a.grantee <> 0 AND NOT b.attisdropped
    GROUP BY a.grantee
  LOOP
    EXECUTE format('REVOKE SELECT (%s) ON %s FROM %I', reader.columns, buffer, pg_get_userbyid(reader.grantee));
  END LOOP;
  FOR reader IN
    SELECT c.relowner, coalesce(string_agg(DISTINCT ', c' || u.attnum, ''), '') AS columns
    FROM pgstream.pgs_dependencies d
    JOIN pgstream.pgs_stream_tables s USING (pgs_id)
    JOIN pg_class c ON c.oid = s.pgs_relid
    LEFT JOIN LATERAL unnest(d.columns) AS u(attnum) ON true
    WHERE d.source_relid = source AND d.is_captured
    GROUP BY c.relowner
  LOOP
    EXECUTE format('GRANT SELECT (xid, seq, weight%s) ON %s TO %I', reader.columns, buffer, pg_get_userbyid(reader.relowner));
  END LOOP;
END
$$;
