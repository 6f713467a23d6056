-- What tells the rows of a stream table apart for a subscriber: pg_stream's own unique index, if none of its columns can be
-- NULL, else the whole row. As ALTER TABLE … REPLICA IDENTITY takes it.
CREATE OR REPLACE FUNCTION pgstream._publication_identity(relation oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((
    SELECT 'USING INDEX ' || quote_ident(c.relname)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
      AND NOT EXISTS (
        SELECT FROM unnest(i.indkey) WITH ORDINALITY AS k(attnum, n) JOIN pg_attribute a ON a.attrelid = relation AND a.attnum = k.attnum
        WHERE k.n <= i.indnkeyatts AND NOT a.attnotnull)
    ORDER BY i.indnkeyatts, i.indexrelid LIMIT 1), 'FULL')
$$;
