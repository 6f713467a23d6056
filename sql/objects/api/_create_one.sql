-- One object of pgstream.bulk_create. An error says which one it is about.
CREATE OR REPLACE FUNCTION pgstream._create_one(definition jsonb) RETURNS text
LANGUAGE plpgsql
SET exit_on_error = off
AS $$
DECLARE
  name text := definition OPERATOR(pg_catalog.->>) 'name';
  query text := definition OPERATOR(pg_catalog.->>) 'query';
  schedule text := coalesce(definition OPERATOR(pg_catalog.->>) 'schedule', 'calculated');
  mode text := coalesce(definition OPERATOR(pg_catalog.->>) 'refresh_mode', 'AUTO');
  initialize boolean := coalesce((definition OPERATOR(pg_catalog.->>) 'initialize')::boolean, true);
  members text := definition OPERATOR(pg_catalog.->>) 'consistency_group';
  wanted text := coalesce(definition OPERATOR(pg_catalog.->>) 'if_exists', 'error');
  why text;
  details text;
  advice text;
BEGIN
  IF wanted OPERATOR(pg_catalog.=) 'replace' THEN
    RETURN pgstream.create_or_replace_stream_table(name, query, schedule, mode, initialize, members);
  ELSIF wanted OPERATOR(pg_catalog.=) 'skip' THEN
    RETURN CASE WHEN pgstream.create_stream_table_if_not_exists(name, query, schedule, mode, initialize, members) THEN 'created' ELSE 'skipped' END;
  END IF;
  PERFORM pgstream.create_stream_table(name, query, schedule, mode, initialize, members);
  RETURN 'created';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS why = MESSAGE_TEXT, details = PG_EXCEPTION_DETAIL, advice = PG_EXCEPTION_HINT;
  RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = why,
    DETAIL = pg_catalog.concat_ws(E'\n', nullif(details, ''), pg_catalog.format('In the definition of %s.', name)),
    HINT = coalesce(nullif(advice, ''), 'No stream table was created.');
END
$$;
