-- Where each column of a stream table comes from. `kind`: copied, when the value is the source's; computed, when it is an
-- expression over it; rows, without a column_name, for what decides which rows there are (conditions, join and group columns).
-- A column that comes from no column, such as count(*) or a constant, has one line without a source.
CREATE OR REPLACE FUNCTION pgstream.stream_table_lineage(name text)
RETURNS TABLE (column_name text, source_table text, source_column text, kind text)
LANGUAGE sql STABLE
AS $$ SELECT * FROM pgstream._stream_table_lineage(pgstream._stream_table_id(name)) $$;
