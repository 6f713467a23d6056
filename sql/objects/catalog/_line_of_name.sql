-- The line of a query that has the name of an error message in it, as a sentence.
CREATE OR REPLACE FUNCTION pgstream._line_of_name(query text, message text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(
    (SELECT format('Line %s of the query: %s', n, btrim(line))
     FROM regexp_split_to_table(query, E'\\n') WITH ORDINALITY AS l(line, n)
     WHERE position(lower(coalesce(substring(message, '"([^"]+)"'), substring(message, E'(\\S+\\.\\S+)'))) IN lower(line)) > 0
     ORDER BY n LIMIT 1),
    'In the query of the stream table.')
$$;
