-- About how many changes of each source a stream table has yet to consume: counted in up to 16 pages of the change buffer, so
-- exact for small numbers; NULL before the first fill, and while somebody is making or dropping the buffer.
CREATE OR REPLACE FUNCTION pgstream._pending_changes() RETURNS TABLE (id bigint, source oid, pending bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET lock_timeout = '20ms'
AS $$
DECLARE
  frontier pgstream.frontiers;
BEGIN
  FOR id, source IN
    SELECT d.pgs_id, d.source_relid FROM pgstream.pgs_dependencies d WHERE d.is_captured ORDER BY d.source_relid, d.pgs_id
  LOOP
    BEGIN
      SELECT * INTO frontier FROM pgstream.frontiers f WHERE f.pgs_id = id;
      pending := CASE WHEN frontier.snapshot IS NULL THEN NULL WHEN pgstream._buffer_size(source) = 0 THEN 0
        ELSE pgstream._estimate_pending(source, frontier) END;
    EXCEPTION WHEN lock_not_available OR undefined_table THEN
      pending := NULL;
    END;
    RETURN NEXT;
  END LOOP;
END
$$;
