-- What no mode can keep, and the compiler is not asked about.
CREATE OR REPLACE FUNCTION pgstream._check_definition(request jsonb) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  tree text := request ->> 'tree';
  bad text;
BEGIN
  IF jsonb_array_length(request -> 'columns') = 0 THEN
    RAISE EXCEPTION 'the query of a stream table must have a column'
      USING ERRCODE = 'invalid_table_definition', HINT = 'Select at least one column.';
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
  IF tree ~ ' :varattno -[1-9]' THEN
    RAISE EXCEPTION 'system columns cannot be used in the query of a stream table'
      USING ERRCODE = 'feature_not_supported', DETAIL = 'ctid, xmin, xmax, cmin, cmax and tableoid change without a change of the row.',
        HINT = 'Use columns of the table, such as its primary key.';
  END IF;
  IF tree ~ ' :rowMarks \(\{' OR tree ~ ' :hasForUpdate true' THEN
    RAISE EXCEPTION 'FOR UPDATE and FOR SHARE are not allowed in the query of a stream table'
      USING ERRCODE = 'feature_not_supported', HINT = 'Leave the locking clause out: a refresh reads one snapshot.';
  END IF;
  SELECT r.value ->> 'name' INTO bad FROM jsonb_each(request -> 'relations') AS r WHERE r.value ->> 'persistence' = 't' LIMIT 1;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'a stream table cannot read temporary table "%"', bad
      USING ERRCODE = 'invalid_table_definition', DETAIL = 'It goes when your session ends, and no other session sees it.',
        HINT = 'Use an ordinary table, UNLOGGED if it need not survive a crash.';
  END IF;
END
$$;
