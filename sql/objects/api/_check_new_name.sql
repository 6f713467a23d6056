-- May the current user create a table of this name? Asked before the query is looked at.
CREATE OR REPLACE FUNCTION pgstream._check_new_name(schema_name text, table_name text) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pgstream._check_home();
  PERFORM pgstream._check_views();
  IF schema_name ~ '^pg_temp' THEN
    RAISE EXCEPTION 'cannot create a temporary stream table'
      USING ERRCODE = 'invalid_schema_name', DETAIL = format('Schema "%s" is the session''s own.', schema_name),
        HINT = 'A stream table is kept up to date for everybody; name a permanent schema.';
  END IF;
  IF to_regnamespace(quote_ident(schema_name)) IS NULL THEN
    RAISE EXCEPTION 'schema "%" does not exist', schema_name
      USING ERRCODE = 'invalid_schema_name', HINT = format('CREATE SCHEMA %I creates it.', schema_name);
  END IF;
  IF schema_name IN ('pgstream', 'pgstream_changes', 'pgstream_state') OR schema_name ~ '^pg_' THEN
    RAISE EXCEPTION 'cannot create a stream table in schema "%"', schema_name
      USING ERRCODE = 'invalid_schema_name', HINT = 'Use a schema of your own.';
  END IF;
  IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(schema_name)) AND relname = table_name) THEN
    IF pgstream._is_left_behind(to_regclass(format('%I.%I', schema_name, table_name))) THEN
      RAISE EXCEPTION 'relation "%" already exists', table_name
        USING ERRCODE = 'duplicate_table', DETAIL = 'It is a stream table without its definition: a dump of the schema alone brings no more.',
          HINT = format('DROP TABLE %I.%I, and create it again.', schema_name, table_name);
    END IF;
    PERFORM pgstream._refuse_taken_name(table_name);
  END IF;
  IF NOT has_schema_privilege(schema_name, 'CREATE') THEN
    RAISE EXCEPTION 'permission denied for schema %', schema_name
      USING ERRCODE = 'insufficient_privilege', HINT = format('GRANT CREATE ON SCHEMA %I TO %I.', schema_name, current_user);
  END IF;
END
$$;
