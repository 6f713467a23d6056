-- Raises an error that a refresh met, all of it but its context: that has every statement on the way in it, hundreds of lines
-- that were generated. What stands in front of them, the functions of the query itself, goes into the detail; the whole is
-- there at client_min_messages debug1.
CREATE OR REPLACE FUNCTION pgstream._raise_again(e pgstream.caught_error) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  inside CONSTANT text := pgstream._context_inside(e.context);
  named record;
  options text := '';
BEGIN
  RAISE DEBUG 'the context of what follows: %', e.context;
  IF inside <> '' THEN
    e.detail := concat_ws(E'\n', nullif(e.detail, ''), 'Context: ' || inside);
  END IF;
  -- RAISE takes no NULL, and clients are shown an option that is empty. Most errors have no more than these.
  IF concat(e.schema_name, e.table_name, e.column_name, e.constraint_name, e.type_name) = '' THEN
    IF e.detail <> '' AND e.hint <> '' THEN
      RAISE EXCEPTION USING ERRCODE = e.state, MESSAGE = e.message, DETAIL = e.detail, HINT = e.hint;
    ELSIF e.detail <> '' THEN
      RAISE EXCEPTION USING ERRCODE = e.state, MESSAGE = e.message, DETAIL = e.detail;
    ELSIF e.hint <> '' THEN
      RAISE EXCEPTION USING ERRCODE = e.state, MESSAGE = e.message, HINT = e.hint;
    END IF;
    RAISE EXCEPTION USING ERRCODE = e.state, MESSAGE = e.message;
  END IF;
  -- The others by a statement that has those which are there. It is in the context of what it raises, so it says nothing itself.
  FOR named IN
    SELECT v.option, v.given FROM (VALUES ('ERRCODE', e.state), ('MESSAGE', e.message), ('DETAIL', e.detail), ('HINT', e.hint),
      ('SCHEMA', e.schema_name), ('TABLE', e.table_name), ('COLUMN', e.column_name), ('CONSTRAINT', e.constraint_name),
      ('DATATYPE', e.type_name)) AS v(option, given) WHERE v.given <> ''
  LOOP
    PERFORM set_config('pg_stream.error_' || lower(named.option), named.given, true);
    options := concat_ws(', ', nullif(options, ''), format('%s = current_setting(%L)', named.option, 'pg_stream.error_' || lower(named.option)));
  END LOOP;
  EXECUTE format('DO %L', format('BEGIN RAISE EXCEPTION USING %s; END', options));
END
$$;
