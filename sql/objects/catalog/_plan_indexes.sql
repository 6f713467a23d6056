-- The indexes on a stream table that were made for a plan: its own, and those by which its rows are found otherwise.
CREATE OR REPLACE FUNCTION pgstream._plan_indexes(relation oid, plan jsonb) RETURNS oid[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
  SELECT pgstream._own_indexes(relation, plan -> 'key') || ARRAY(
    SELECT x.indexrelid
    FROM jsonb_array_elements_text(plan #> '{install,indexes}') AS i
    -- "(…)" or "USING hash (…)"; what is over the hash of a row is printed otherwise than it was written.
    CROSS JOIN LATERAL (SELECT substring(i FROM E'^CREATE INDEX ON .* ((?:USING hash )?\\([^()]*\\))$') AS rest,
      i ~ E' \\(hash_record_extended\\(' AS is_hash) AS r
    JOIN pg_index x ON x.indrelid = relation AND (right(pg_get_indexdef(x.indexrelid), length(r.rest)) = r.rest
      OR r.is_hash AND pg_get_expr(x.indexprs, x.indrelid) LIKE 'hash_record_extended(%')
    WHERE i ~ '^CREATE INDEX ON ' AND i !~ E'^CREATE INDEX ON pgstream_state\\.' AND x.indexrelid <> ALL (pgstream._own_indexes(relation, plan -> 'key')))
$$;
