-- Builds the indexes of a stream table anew whose rows were filled again, where it has composite values: those that users
-- made were built by the attributes that the types had then (pgstream._row_shapes).
CREATE OR REPLACE FUNCTION pgstream._reindex_rows(relation oid, plan jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  index regclass;
BEGIN
  IF coalesce(plan -> 'shapes', '{}') = '{}' THEN
    RETURN;
  END IF;
  FOR index IN
    SELECT i.indexrelid FROM pg_index i
    WHERE i.indrelid = relation AND i.indexrelid <> ALL (pgstream._own_indexes(relation, plan -> 'key'))
  LOOP
    EXECUTE format('REINDEX INDEX %s', pgstream._qualified_name(index));
  END LOOP;
END
$$;
