-- The rows by which a stream table differs from its query right now, both read by one statement: weight n when it has a
-- row n times too often, -n when it lacks it n times. Empty when exact. Changes that are not refreshed yet show as
-- differences: refresh first. For the owner, with the owner's rights: the query may call functions of the owner's.
--
-- Rows are compared as SQL compares them (1.0 equals 1.00); a type without equality, such as json, by its text. Rows that
-- differ in floating-point columns only, and there by less than a part in 10^9, count as equal: the sum of floats depends
-- on the order of addition, in PostgreSQL too.
CREATE OR REPLACE FUNCTION pgstream.verify_stream_table(name text) RETURNS TABLE (weight bigint, "row" jsonb)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  id pg_catalog.int8 := pgstream._stream_table_id(name);
BEGIN
  RETURN QUERY
    SELECT (v OPERATOR(pg_catalog.->>) 'weight')::bigint, v OPERATOR(pg_catalog.->) 'row'
    FROM pgstream._call_as_owner(id, 'verify',
      pg_catalog.jsonb_build_object('query', pgstream._ask(id, 'query'))) AS v;
END
$$;
