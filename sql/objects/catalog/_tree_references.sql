-- Every oid that analysed trees mention, by what it names. A field of a pg_node_tree is written ` :name value`; names
-- decide. A number that names nothing costs nothing: the catalogs are asked by oid.
CREATE OR REPLACE FUNCTION pgstream._tree_references(
  trees text[], OUT relations oid[], OUT functions oid[], OUT operators oid[], OUT types oid[], OUT collations oid[]
)
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  WITH field AS MATERIALIZED (
    SELECT DISTINCT f FROM unnest(trees) AS tree, string_to_table(tree, ' :') AS f
    WHERE f ~ E'^[A-Za-z_]*(?:[tT]ypes?|typid|type_?[iI]d|[cC]oll[a-z_]*|collOid|[fF]unc|funcid|fnoid|handler|relid|seqid|opnos?|neop|eqop|sortop) (?:\\(o )?[1-9]'
  ), reference AS MATERIALIZED (
    SELECT DISTINCT split_part(f, ' ', 1) AS name, n::oid AS n
    FROM field, string_to_table(substring(f, E'^[A-Za-z_]+ (?:\\(o )?([0-9 ]*[0-9])'), ' ') AS n
    -- The least that something has: int4 = int8.
    WHERE n <> '' AND n::bigint >= 15
  )
  SELECT coalesce(array_agg(DISTINCT n) FILTER (WHERE name ~ '^(relid|seqid)$'), '{}'),
    coalesce(array_agg(DISTINCT n) FILTER (WHERE name ~ '([fF]unc|funcid|fnoid|handler)$'), '{}'),
    coalesce(array_agg(DISTINCT n) FILTER (WHERE name ~ '(opnos?|neop|eqop|sortop)$'), '{}'),
    coalesce(array_agg(DISTINCT n) FILTER (WHERE name ~ '([tT]ypes?|typid|type_?[iI]d)$'), '{}'),
    coalesce(array_agg(DISTINCT n) FILTER (WHERE name ~ '[cC]oll'), '{}')
  INTO relations, functions, operators, types, collations
  FROM reference;
END
$$;
