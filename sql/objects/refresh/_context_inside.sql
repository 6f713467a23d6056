-- Of an error's context what lies inside the statements of a refresh: the lines of the functions that its query calls, the
-- innermost first, up to ten. '' where it has none. Words and quotation marks of the context are translated: known are the
-- functions that were generated, and that the line of a statement has its beginning in quotes.
CREATE OR REPLACE FUNCTION pgstream._context_inside(context text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH lines AS (
    SELECT l.line, l.place FROM string_to_table(context, E'\n') WITH ORDINALITY AS l(line, place)
    WHERE l.place < (SELECT min(g.place) FROM string_to_table(context, E'\n') WITH ORDINALITY AS g(line, place)
      WHERE g.line ~ E'\\mpgstream_state\\.refresh_\\d+_')
  )
  SELECT coalesce(string_agg(left(l.line, 200), E'\n' ORDER BY l.place) FILTER (WHERE l.place <= 10), '')
  FROM lines l
  -- The last statement is the one that was generated.
  WHERE l.place < (SELECT coalesce(max(s.place), 0) FROM lines s WHERE s.line ~ E'^[^"«»„“「]{1,40}["«»„“「] ?(WITH|SELECT|INSERT|UPDATE|DELETE)\\M')
$$;
