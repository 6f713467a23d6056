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
      ELSE i.indisunique AND i.indexprs IS NULL AND i.indpred IS NULL AND cardinality(i.indkey::smallint[]) = jsonb_array_length(key) AND (
        -- The names are quoted by the compiler, which does so more often than quote_ident: "day"; with a line break as U&"…".
        SELECT bool_and(CASE WHEN k LIKE 'U&"%' THEN k = format('U&"%s"', replace(replace(replace(replace(a.attname,
            '"', '""'), E'\\', E'\\\\'), E'\n', E'\\000a'), E'\r', E'\\000d'))
          ELSE (parse_ident(k))[1] = a.attname END)
        FROM jsonb_array_elements_text(key) WITH ORDINALITY AS u(k, n)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = (i.indkey::smallint[])[u.n - 1]) END
$$;
