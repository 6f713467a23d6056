-- Names that a view may have for its columns and a table may not, and sources that are pg_stream's own: every refresh
-- changes them. What the query itself may not hold, the compiler says.
CREATE OR REPLACE FUNCTION pgstream._check_definition(request jsonb) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  bad text;
BEGIN
  SELECT format('%I.%I', r.value ->> 'schema', r.value ->> 'name') INTO bad FROM jsonb_each(request -> 'relations') AS r
  WHERE r.value ->> 'schema' IN ('pgstream', 'pgstream_changes', 'pgstream_state') ORDER BY 1 LIMIT 1;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'a stream table cannot read %', bad
      USING ERRCODE = 'wrong_object_type', DETAIL = 'It belongs to pg_stream, and every refresh changes such tables.',
        HINT = 'Query it directly, or through a view.';
  END IF;
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
