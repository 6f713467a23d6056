-- The unique indexes of a relation that are keys: whose columns are equal in no two of its rows, as the columns themselves are
-- compared.
CREATE OR REPLACE FUNCTION pgstream._unique_keys(relation oid)
RETURNS TABLE (index oid, columns smallint[], is_primary boolean, nulls_not_distinct boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN QUERY
  SELECT i.indexrelid, k.columns, i.indisprimary, i.indnullsnotdistinct
  FROM pg_index i
  JOIN pg_class ic ON ic.oid = i.indexrelid
  JOIN pg_am am ON am.oid = ic.relam AND am.amname = 'btree'
  CROSS JOIN LATERAL (
    SELECT array_agg(i.indkey[p] ORDER BY p) AS columns,
      -- Unique in another sense of equality than the column's own is no key.
      bool_and(oc.opcdefault AND i.indcollation[p] = a.attcollation) AS plain
    FROM generate_series(0, i.indnkeyatts - 1) AS p
    JOIN pg_opclass oc ON oc.oid = i.indclass[p]
    JOIN pg_attribute a ON a.attrelid = relation AND a.attnum = i.indkey[p]
  ) AS k
  WHERE i.indrelid = relation AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL
    AND i.indexprs IS NULL AND NOT i.indisexclusion AND k.plain;
END
$$;
