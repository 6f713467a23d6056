-- The columns that say to which partition a row of a partitioned table goes, quoted: those of expressions too
-- (StorePartitionKey in heap.c makes each depend on its table). None for any other relation.
CREATE OR REPLACE FUNCTION pgstream._partition_columns(relation oid) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT array_agg(DISTINCT quote_ident(a.attname))
  FROM pg_depend d JOIN pg_attribute a ON a.attrelid = relation AND a.attnum = d.objsubid
  WHERE d.classid = 'pg_class'::regclass AND d.objid = relation AND d.objsubid > 0
    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = relation AND d.refobjsubid = 0 AND d.deptype = 'i'
    AND EXISTS (SELECT FROM pg_partitioned_table p WHERE p.partrelid = relation)
$$;
