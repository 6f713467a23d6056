-- Creates a table that is kept equal to the result of a query, within a bound of staleness, and fills it (with
-- initialize => false the scheduler does, and writers of the sources are not held up meanwhile). Those of one consistency
-- group always show one moment.
--
-- SECURITY INVOKER and without a search_path of its own: names are read as the caller means them.
CREATE OR REPLACE FUNCTION pgstream.create_stream_table(
  name text, query text, schedule text DEFAULT 'calculated', refresh_mode text DEFAULT 'AUTO', initialize boolean DEFAULT true,
  consistency_group text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql
SET pg_stream.internal = 'on'
SET exit_on_error = off
AS $$
DECLARE
  place record;
  path text := pg_catalog.current_setting('search_path');
  view pg_catalog.oid;
  caught pgstream.caught_error;
  culprit text;
BEGIN
  place := pgstream._split_name(name);
  PERFORM pgstream._check_schedule(schedule);
  PERFORM pgstream._check_mode(refresh_mode);
  PERFORM pgstream._check_flag('initialize', initialize);
  PERFORM pgstream._check_new_name(place.schema_name, place.table_name);
  view := pgstream._make_view(query);
  BEGIN
    PERFORM pgstream._create_stream_table(view, place.schema_name, place.table_name, query, path, schedule, refresh_mode, initialize, consistency_group);
    -- It depends on columns that others of the group may be about to give other types.
    PERFORM pgstream._drop_view();
    PERFORM pgstream._ask(pgstream._id_of_name(pg_catalog.format('%I.%I', place.schema_name, place.table_name)), 'align');
  EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    GET STACKED DIAGNOSTICS caught.state = RETURNED_SQLSTATE, caught.message = MESSAGE_TEXT, caught.detail = PG_EXCEPTION_DETAIL,
      caught.hint = PG_EXCEPTION_HINT, caught.schema_name = SCHEMA_NAME, caught.table_name = TABLE_NAME, caught.column_name = COLUMN_NAME,
      caught.constraint_name = CONSTRAINT_NAME, caught.type_name = PG_DATATYPE_NAME, caught.context = PG_EXCEPTION_CONTEXT;
    culprit := CASE WHEN caught.state OPERATOR(pg_catalog.=) ANY ('{42P01,42883,42704}') THEN pgstream._users_function(caught.context) END;
    IF culprit IS NOT NULL THEN
      caught.detail := pg_catalog.format('It is named in the body of function %s, which a refresh runs under search_path = pg_catalog, pg_temp.', culprit);
      caught.hint := 'Write schema.name in the body of the function, or ALTER FUNCTION … SET search_path.';
    END IF;
    PERFORM pgstream._raise_again(caught);
  END;
END
$$;
