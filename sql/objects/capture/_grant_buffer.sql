-- Each owner of a stream table may read, of the buffer of a source, the columns that its stream tables use; nothing more.
-- All readers of the source come by here, after each new plan, and nearly always nothing is to be granted: then nothing is
-- written or locked. Otherwise a lock that only this takes (and VACUUM), for "tuple concurrently updated" would be the end
-- of two who write the rights of one table.
CREATE OR REPLACE FUNCTION pgstream._grant_buffer(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  buffer text := pgstream._buffer_name(source);
  change record;
BEGIN
  IF to_regclass(buffer) IS NULL OR NOT EXISTS (SELECT FROM pgstream._missing_buffer_grants(source)) THEN
    RETURN;
  END IF;
  EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', buffer);
  -- Whoever had the lock may have done it.
  FOR change IN SELECT * FROM pgstream._missing_buffer_grants(source) LOOP
    EXECUTE format(CASE WHEN change.is_granted THEN 'REVOKE SELECT (%s) ON %s FROM %I' ELSE 'GRANT SELECT (%s) ON %s TO %I' END,
      change.columns, buffer, pg_get_userbyid(change.role));
  END LOOP;
END
$$;
