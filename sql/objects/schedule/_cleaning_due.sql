-- The sources whose change buffers are to be cleaned: those that have grown beyond 64 pages. Below that, reading past what
-- is consumed costs nothing. Does not wait for whoever is making or dropping one; the next call asks again.
CREATE OR REPLACE FUNCTION pgstream._cleaning_due() RETURNS oid[]
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '20ms'
AS $$
BEGIN
  RETURN ARRAY(
    SELECT t.source_relid FROM pgstream.pgs_change_tracking t
    WHERE (SELECT sum(pg_relation_size(i.inhrelid)) FROM pg_inherits i WHERE i.inhparent = t.buffer) > 64 * 8192
    ORDER BY t.source_relid);
EXCEPTION WHEN lock_not_available THEN
  RETURN '{}';
END
$$;
