-- Refuses what would let the rows of a stream table differ from its query (pgstream._guard_obstacle): the DDL that does
-- it, or, where nobody watches DDL, the next refresh.
CREATE OR REPLACE FUNCTION pgstream._check_guards(relation oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  obstacle text := pgstream._guard_obstacle(relation);
BEGIN
  IF obstacle IS NOT NULL THEN
    RAISE EXCEPTION 'stream table "%" would not stay equal to its query', (SELECT c.relname FROM pg_class c WHERE c.oid = relation)
      USING ERRCODE = 'wrong_object_type', DETAIL = obstacle,
        HINT = 'Leave the stream table as pg_stream made it; read it through a view.';
  END IF;
END
$$;
