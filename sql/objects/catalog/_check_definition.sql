-- Names that a view may have for its columns and a table may not. What the query itself may not hold, the compiler says.
CREATE OR REPLACE FUNCTION pgstream._check_definition(request jsonb) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  bad text;
BEGIN
  SELECT i INTO bad FROM jsonb_array_elements(request -> 'columns') WITH ORDINALITY AS u(c, i) WHERE c ->> 'name' = '?column?' LIMIT 1;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'column % of the query has no name', bad
      USING ERRCODE = 'invalid_column_definition', HINT = 'Give the expression a name: SELECT … AS name.';
  END IF;
  SELECT c ->> 'name' INTO bad FROM jsonb_array_elements(request -> 'columns') AS c
  WHERE c ->> 'name' IN ('tableoid', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax') LIMIT 1;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'column name "%" conflicts with a system column name', bad
      USING ERRCODE = 'duplicate_column', HINT = 'System columns cannot be kept in a stream table; give an ordinary column another name: SELECT … AS name.';
  END IF;
END
$$;
