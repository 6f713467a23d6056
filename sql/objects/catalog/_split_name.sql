-- `schema.table` or `table`, quoted as in SQL, into its parts; the schema is the first of the caller's search_path when it
-- is not given. No pinned search_path: it is what this reads.
CREATE OR REPLACE FUNCTION pgstream._split_name(name text, OUT schema_name text, OUT table_name text)
LANGUAGE plpgsql STABLE
SET exit_on_error = off
AS $$
DECLARE
  parts text[];
BEGIN
  BEGIN
    parts := pg_catalog.parse_ident(name);
  EXCEPTION WHEN invalid_parameter_value THEN
    parts := NULL;
  END;
  IF parts IS NULL OR pg_catalog.cardinality(parts) OPERATOR(pg_catalog.>) 2 THEN
    RAISE EXCEPTION 'invalid name of a stream table: %', coalesce('"' || name || '"', 'NULL')
      USING ERRCODE = 'invalid_name', HINT = 'Give "table" or "schema.table"; a part with other than lower-case letters, digits and _ goes in double quotes.';
  END IF;
  table_name := parts[pg_catalog.cardinality(parts)];
  schema_name := CASE WHEN pg_catalog.cardinality(parts) OPERATOR(pg_catalog.=) 2 THEN parts[1] ELSE pg_catalog.current_schema() END;
  IF pg_catalog.octet_length(table_name) OPERATOR(pg_catalog.>) 63 THEN
    RAISE EXCEPTION 'name of stream table is too long'
      USING ERRCODE = 'name_too_long', DETAIL = pg_catalog.format('"%s" has %s bytes.', table_name, pg_catalog.octet_length(table_name)),
        HINT = 'Names have at most 63 bytes.';
  END IF;
  IF schema_name IS NULL THEN
    RAISE EXCEPTION 'no schema has been selected to create in'
      USING ERRCODE = 'invalid_schema_name', HINT = 'Set search_path, or write schema.table.';
  END IF;
END
$$;
