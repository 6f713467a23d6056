-- The indexes on sources without which a table is read whole at each refresh that has to reach it, with the statement
-- that makes each. Nothing is made: an index also costs whoever writes the table. Once it is there the next refresh
-- uses it.
CREATE OR REPLACE FUNCTION pgstream.recommend_indexes(name text)
RETURNS TABLE (source_table text, columns text[], reason text, statement text, table_bytes bigint)
LANGUAGE sql STABLE
AS $$ SELECT * FROM pgstream._recommend_indexes(pgstream._stream_table_id(name)) $$;
