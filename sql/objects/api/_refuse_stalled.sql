-- Of the definitions of pgstream.bulk_create none can be made, because each reads a relation that does not exist (`whys`: the
-- server's words, by name). From the first of them along what is missing: back to one that was passed is a cycle, and refused as
-- one; otherwise the last of them is given back, which misses something that nobody defines.
--
-- Without a search_path of its own: names are read as the caller means them. Each misses one relation, so there is one way.
CREATE OR REPLACE FUNCTION pgstream._refuse_stalled(left_over jsonb, whys jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
  here jsonb := left_over OPERATOR(pg_catalog.->) 0;
  place record;
  passed text[] := '{}';
  definitions jsonb[] := '{}';
  names text[];
  why text;
  next integer;
  begun integer;
BEGIN
  FOR i IN 0 .. pg_catalog.jsonb_array_length(left_over) OPERATOR(pg_catalog.-) 1 LOOP
    place := pgstream._split_name(left_over OPERATOR(pg_catalog.->) i OPERATOR(pg_catalog.->>) 'name');
    definitions := definitions OPERATOR(pg_catalog.||) (left_over OPERATOR(pg_catalog.->) i);
    names := names OPERATOR(pg_catalog.||) pg_catalog.format('%I.%I', place.schema_name, place.table_name);
  END LOOP;
  next := 1;
  LOOP
    begun := pg_catalog.array_position(passed, names[next]);
    passed := passed OPERATOR(pg_catalog.||) names[next];
    IF begun IS NOT NULL THEN
      RAISE EXCEPTION 'stream table % would read itself: %', names[next], pg_catalog.array_to_string(passed[begun:], ' → ')
        USING ERRCODE = 'invalid_object_definition', DETAIL = 'None of these definitions can be made before the others.',
          HINT = 'Take it out of one of the queries.';
    END IF;
    here := definitions[next];
    why := whys OPERATOR(pg_catalog.->>) (here OPERATOR(pg_catalog.->>) 'name');
    next := (SELECT pg_catalog.min(u.i) FROM pg_catalog.unnest(names) WITH ORDINALITY AS u(label, i) WHERE pgstream._is_missing(u.label, why));
    IF next IS NULL THEN
      RETURN here;
    END IF;
  END LOOP;
END
$$;
