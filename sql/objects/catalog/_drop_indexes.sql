-- Drops those of these indexes that pg_stream has made (pgstream._make_index). A constraint or an index over the same columns
-- that is its owner's stays.
CREATE OR REPLACE FUNCTION pgstream._drop_indexes(indexes oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  index oid;
BEGIN
  FOREACH index IN ARRAY indexes LOOP
    CONTINUE WHEN starts_with(obj_description(index, 'pg_class'), 'pg_stream: ') IS NOT TRUE
      OR EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = index);
    EXECUTE format('DROP INDEX %s', pgstream._qualified_name(index));
  END LOOP;
END
$$;
