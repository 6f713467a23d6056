-- The indexes on a stream table that were made for a plan: its own, and those by which its rows are found otherwise.
CREATE OR REPLACE FUNCTION pgstream._plan_indexes(relation oid, plan jsonb) RETURNS oid[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
  SELECT pgstream._own_indexes(relation, plan -> 'key') || ARRAY(
    SELECT x.indexrelid
    FROM jsonb_array_elements_text(plan #> '{install,indexes}') AS i
    CROSS JOIN LATERAL (SELECT format('CREATE INDEX ON %s ', pgstream._qualified_name(relation))) AS f(beginning)
    -- "(…)" or "USING hash (…)"
    CROSS JOIN LATERAL (SELECT substr(i, length(f.beginning) + 1)) AS r(rest)
    JOIN pg_index x ON x.indrelid = relation AND right(pg_get_indexdef(x.indexrelid), length(r.rest)) = r.rest
    WHERE starts_with(i, f.beginning) AND x.indexrelid <> ALL (pgstream._own_indexes(relation, plan -> 'key')))
$$;
