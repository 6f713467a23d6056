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
AS $$
DECLARE
  place record;
  path text := pg_catalog.current_setting('search_path');
  view pg_catalog.oid;
  why text;
  context text;
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
  EXCEPTION WHEN undefined_table OR undefined_function OR undefined_object THEN
    GET STACKED DIAGNOSTICS why = MESSAGE_TEXT, context = PG_EXCEPTION_CONTEXT;
    culprit := pgstream._users_function(context);
    IF culprit IS NULL THEN
      RAISE;
    END IF;
    RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = why,
      DETAIL = pg_catalog.format('It is named in the body of function %s, which a refresh runs under search_path = pg_catalog, pg_temp.', culprit),
      HINT = 'Write schema.name in the body of the function, or ALTER FUNCTION … SET search_path.';
  END;
END
$$;
