-- The rows by which a stream table differs from its query right now, both read by one statement: weight n when it has a
-- row n times too often, -n when it lacks it n times. Empty when exact. Changes that are not refreshed yet show as
-- differences: refresh first. Runs with the caller's rights, who must be allowed to read what the query reads.
--
-- Rows are compared as SQL compares them (1.0 equals 1.00); a type without equality, such as json, by its text. Rows that
-- differ in floating-point columns only, and there by less than a part in 10^9, count as equal: the sum of floats depends
-- on the order of addition, in PostgreSQL too.
CREATE OR REPLACE FUNCTION pgstream.verify_stream_table(name text) RETURNS TABLE (weight bigint, "row" jsonb)
LANGUAGE sql
AS $$ SELECT * FROM pgstream._verify_stream_table(pgstream._stream_table_id(name)) $$;
