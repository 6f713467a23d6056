-- The next rows of a cursor, as a table: a capture function goes through a transition table in pieces with it. There is no
-- other way to take pieces in one pass: numbering the rows and grouping them costs as much again as packing them.
CREATE OR REPLACE FUNCTION pgstream._fetch(source refcursor, rows integer) RETURNS SETOF record
LANGUAGE plpgsql
ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY EXECUTE format('FETCH FORWARD %s FROM %I', rows, source);
END
$$;
