-- Says of the indexes on a stream table that came with a dump which are pg_stream's (pgstream._make_index), where that has
-- left comments out: of those alike, the one that bears a generated name. Otherwise a unique one would stay when
-- the key is another, and refuse the rows.
CREATE OR REPLACE FUNCTION pgstream._mark_indexes(relation oid, plan jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  indexes CONSTANT oid[] := pgstream._plan_indexes(relation, plan);
  index oid;
BEGIN
  IF EXISTS (SELECT FROM unnest(indexes) AS u WHERE starts_with(obj_description(u, 'pg_class'), 'pg_stream: ')) THEN
    RETURN;
  END IF;
  FOR index IN
    SELECT DISTINCT ON (i.indisunique, c.relam, i.indkey::text, pg_get_expr(i.indexprs, i.indrelid)) i.indexrelid
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indexrelid = ANY (indexes) AND NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conindid = i.indexrelid)
      AND (NOT i.indisunique OR i.indnullsnotdistinct = coalesce((pgstream._null_keys(plan))[1], false))
    ORDER BY i.indisunique, c.relam, i.indkey::text, pg_get_expr(i.indexprs, i.indrelid), c.relname ~ '_idx[0-9]*$' DESC, i.indexrelid
  LOOP
    EXECUTE format('COMMENT ON INDEX %s IS %L', pgstream._qualified_name(index), 'pg_stream: made for refreshes');
  END LOOP;
END
$$;
