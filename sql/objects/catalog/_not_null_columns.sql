-- The columns of a relation in which no row has NULL. PostgreSQL 18 sets attnotnull for constraints that are not valid, too, which
-- older rows may violate.
CREATE OR REPLACE FUNCTION pgstream._not_null_columns(relation oid) RETURNS smallint[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN ARRAY(
    SELECT a.attnum FROM pg_attribute a
    WHERE a.attrelid = relation AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
      AND NOT EXISTS (
        SELECT FROM pg_constraint n WHERE n.conrelid = relation AND n.contype = 'n' AND n.conkey[1] = a.attnum AND NOT n.convalidated)
    ORDER BY a.attnum);
END
$$;
