-- What a source and its partitions and children are now, as a hash. VOLATILE, so that it looks at the catalogs as they are, of
-- whatever age the snapshot of the statement is that asks.
CREATE OR REPLACE FUNCTION pgstream._current_carriers(source oid) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
  RETURN pg_catalog.md5(pgstream._capture_carriers(source)::pg_catalog.text);
END
$$;
