-- Creates many stream tables, all or none: an array of objects with the arguments of create_stream_table. They may read each
-- other, in whatever order they come; a cycle is refused. An object may have "if_exists": "error" (the default), "skip" or "replace", and each
-- line of the result says what was done: created, skipped, replaced, altered or unchanged.
CREATE OR REPLACE FUNCTION pgstream.bulk_create(definitions jsonb) RETURNS TABLE (name text, result text)
LANGUAGE plpgsql
SET exit_on_error = off
AS $$
#variable_conflict use_column
DECLARE
  pending jsonb := definitions;
  left_over jsonb;
  entry jsonb;
  done jsonb := '{}';
  outcome text;
  -- What the server said of those that are left over.
  whys jsonb;
  why text;
BEGIN
  PERFORM pgstream._check_bulk(definitions);
  LOOP
    left_over := '[]';
    whys := '{}';
    FOR entry IN SELECT e.value FROM pg_catalog.jsonb_array_elements(pending) WITH ORDINALITY AS e(value, i) ORDER BY e.i LOOP
      BEGIN
        outcome := pgstream._create_one(entry);
        done := done OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(entry OPERATOR(pg_catalog.->>) 'name', outcome);
      EXCEPTION WHEN undefined_table THEN
        -- It may read one that comes later. Where no more can be made, it is the caller's error.
        GET STACKED DIAGNOSTICS why = MESSAGE_TEXT;
        whys := whys OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(entry OPERATOR(pg_catalog.->>) 'name', why);
        left_over := left_over OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_array(entry);
      END;
    END LOOP;
    EXIT WHEN left_over OPERATOR(pg_catalog.=) '[]';
    IF pg_catalog.jsonb_array_length(left_over) OPERATOR(pg_catalog.=) pg_catalog.jsonb_array_length(pending) THEN
      PERFORM pgstream._create_one(pgstream._refuse_stalled(left_over, whys));
    END IF;
    pending := left_over;
  END LOOP;
  RETURN QUERY
    SELECT e.value OPERATOR(pg_catalog.->>) 'name', done OPERATOR(pg_catalog.->>) (e.value OPERATOR(pg_catalog.->>) 'name')
    FROM pg_catalog.jsonb_array_elements(definitions) WITH ORDINALITY AS e(value, i) ORDER BY e.i;
END
$$;
