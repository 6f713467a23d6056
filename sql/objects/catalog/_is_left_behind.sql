-- Is this the table of a stream table of which the definition is not here? A dump of the schema alone leaves such: with the
-- guard, and without the rows of the catalog.
CREATE OR REPLACE FUNCTION pgstream._is_left_behind(relation oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgfoid = to_regproc('pgstream._refuse_write'))
    AND NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = relation)
$$;
