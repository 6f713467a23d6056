-- May the statement whose triggers fire be a MERGE? The rows that one moves from a partition to another are in its transition
-- tables for DELETE and INSERT, not in those for UPDATE (ExecDelete and ExecInsert in nodeModifyTable.c look for UPDATE alone), and
-- nobody is shown these unless it has such actions. So a MERGE that moves rows is answered as TRUNCATE is: by computing
-- anew. It is told by its text, which SQL functions and EXECUTE hide.
CREATE OR REPLACE FUNCTION pgstream._hides_moves() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  around text;
BEGIN
  GET DIAGNOSTICS around = PG_CONTEXT;
  RETURN coalesce(current_query(), 'MERGE') ~* '\m(MERGE|EXECUTE)\M' OR around ~* '\mMERGE\M|^SQL function ' OR around ~ '\nSQL function ';
END
$$;
