-- Does each inheritance child have an index that begins as this one of its parent? A search that goes by the parent's alone
-- would read the children whole, one by one.
CREATE OR REPLACE FUNCTION pgstream._is_in_children(index oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT NOT EXISTS (
    SELECT FROM unnest(pgstream._descendants(i.indrelid)) AS d(oid)
    JOIN pg_class t ON t.oid = d.oid AND t.relkind = 'r' AND t.oid <> i.indrelid
    WHERE NOT EXISTS (
      SELECT FROM pg_index o JOIN pg_class oc ON oc.oid = o.indexrelid
      WHERE o.indrelid = t.oid AND o.indisvalid AND oc.relam = c.relam AND (o.indpred IS NULL OR i.indpred IS NOT NULL)
        AND NOT EXISTS (
          SELECT FROM generate_series(0, i.indnkeyatts - 1) AS p
          LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p]
          LEFT JOIN pg_attribute b ON b.attrelid = t.oid AND b.attnum = o.indkey[p]
          WHERE a.attname IS DISTINCT FROM b.attname
            OR a.attname IS NULL AND pg_get_indexdef(o.indexrelid, p + 1, false) <> pg_get_indexdef(i.indexrelid, p + 1, false) OR o.indoption[p] IS DISTINCT FROM i.indoption[p])))
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indexrelid = index
$$;
