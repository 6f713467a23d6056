-- The indexes that pg_stream made on a stream table: unique over the key, or on the row hash.
CREATE OR REPLACE FUNCTION pgstream._own_indexes(relation oid, key jsonb) RETURNS oid[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
SET quote_all_identifiers = off
AS $$
  SELECT coalesce(array_agg(i.indexrelid), '{}') FROM pg_index i
  WHERE i.indrelid = relation
    AND CASE WHEN key IS NULL OR key = 'null' THEN pg_get_expr(i.indexprs, i.indrelid) LIKE 'hash_record_extended(%'
      WHEN key = '[]' THEN i.indisunique AND pg_get_expr(i.indexprs, i.indrelid) = 'true'
      ELSE i.indisunique AND i.indexprs IS NULL AND i.indpred IS NULL AND (
        SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(i.indkey) WITH ORDINALITY AS u(attnum, n)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum)
        -- The names are quoted by the compiler, which does so more often than quote_ident: "day".
        = ARRAY(SELECT (parse_ident(k))[1] FROM jsonb_array_elements_text(key) WITH ORDINALITY AS u(k, n) ORDER BY n) END
$$;
