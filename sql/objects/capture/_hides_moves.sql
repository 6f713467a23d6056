-- May the statement whose triggers fire be a MERGE? The rows that one moves from a partition to another are in its transition
-- tables for DELETE and INSERT, not in those for UPDATE (ExecDelete and ExecInsert in nodeModifyTable.c look for UPDATE alone), and
-- nobody is shown these unless it has such actions. And after a row that a MERGE has inserted through a partitioned table, the
-- transition table for UPDATE gets that row once more in the place of each that is updated (tcs_original_insert_tuple, set by
-- ExecPrepareTupleRouting, is what AfterTriggerSaveEvent keeps of any row). So a MERGE that moves rows, or inserts and updates
-- some, is answered as TRUNCATE is: by computing anew. It is told by its text: the client's, or that of what is prepared, or of
-- the statement next around the trigger, which SQL functions hide. Whatever shows no text of an UPDATE counts as hidden, in
-- whatever language the server describes it.
CREATE OR REPLACE FUNCTION pgstream._hides_moves() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  frames text;
  -- What is around the capture function; NULL: the client's own statement.
  around text;
BEGIN
  GET DIAGNOSTICS frames = PG_CONTEXT;
  around := substring(frames, E'capture_[0-9]+_(?:insert|update)\\(\\)[^\\n]*\\n(.*)$');
  RETURN coalesce(current_query(), 'MERGE') ~* E'\\mMERGE\\M'
    OR current_query() ~* E'\\mEXECUTE\\M' AND EXISTS (SELECT FROM pg_prepared_statements p WHERE p.statement ~* E'\\mMERGE\\M')
    OR around ~* E'\\mMERGE\\M'
    OR split_part(around, E'\n', 1) !~* E'\\m(UPDATE|INSERT|WITH)(\\s|$)';
END
$$;
