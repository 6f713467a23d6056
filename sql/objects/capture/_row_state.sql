-- What a capture function relies on of the rows that it reads, as they are now: the types of what it reads of a row `n` of
-- `source`, and the modifiers that these columns have; NULL when something that is read means nothing any more. `types` are
-- expressions, as pgstream._guard_capture_body writes them.
--
-- IMMUTABLE, which it is not, so that the planner computes it: a capture function that compares it with what it was when it
-- was written pays for that when it is planned, not per statement. Its plan names `source` as a constant of type regclass; so
-- it depends on that table, and whatever DDL on it has it planned anew, in every session.
--
-- Names and types are looked up by the parser, which goes by the catalogs as they are: those that a REPEATABLE READ
-- transaction sees can be older than what the statements of a capture function would be parsed with.
CREATE OR REPLACE FUNCTION pgstream._row_state(source regclass, types text, modified smallint[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET standard_conforming_strings = on
SET IntervalStyle = postgres
SET quote_all_identifiers = off
AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT ARRAY[%s]::text FROM (SELECT (NULL::%s).*) AS n', types, source) INTO result;
  IF modified <> '{}' THEN
    result := concat_ws('/', result, (SELECT string_agg(a.atttypmod::text, ' ' ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = source AND a.attnum = ANY (modified) AND NOT a.attisdropped));
  END IF;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END
$$;
