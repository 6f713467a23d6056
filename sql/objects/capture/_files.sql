-- The files that hold the rows of these relations, at the snapshot of whoever asks, like pgstream._source_fingerprint: new ones when rows were
-- rewritten, emptied or only moved.
CREATE OR REPLACE FUNCTION pgstream._files(relations oid[]) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(string_agg(concat_ws(' ', c.oid, nullif(c.relfilenode, 0)), ',' ORDER BY c.oid), '')
  FROM pg_class c WHERE c.oid = ANY (relations)
$$;
