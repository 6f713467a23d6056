-- The tables in which an index on these columns of a source is to be: itself and its inheritance children, each by its own numbers of
-- the columns. An index on a partitioned table is one on all of its partitions, and other children have none of the parent's.
CREATE OR REPLACE FUNCTION pgstream._indexed_members(source oid, attnums jsonb) RETURNS TABLE (relation oid, columns jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT source, attnums;
  IF EXISTS (SELECT FROM pg_class c WHERE c.oid = source AND c.relhassubclass AND c.relkind = 'r') THEN
    RETURN QUERY
    SELECT c.oid, jsonb_agg(a.attnum ORDER BY u.i)
    FROM unnest(pgstream._descendants(source)) AS d(oid)
    JOIN pg_class c ON c.oid = d.oid AND c.relkind = 'r' AND c.oid <> source
    CROSS JOIN jsonb_array_elements_text(attnums) WITH ORDINALITY AS u(attnum, i)
    JOIN pg_attribute p ON p.attrelid = source AND p.attnum = u.attnum::smallint
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = p.attname
    GROUP BY c.oid;
  END IF;
END
$$;
