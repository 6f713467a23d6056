-- Does the query of a stream table, or a view that it reads, have the rows of a table as wholes?
CREATE OR REPLACE FUNCTION pgstream._reads_row(tree text, views oid[], relation oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pgstream._is_named(tree, relation, 0::smallint)
    OR EXISTS (SELECT FROM unnest(views) AS v WHERE pgstream._is_named(pgstream._rule_tree(v), relation, 0::smallint))
$$;
