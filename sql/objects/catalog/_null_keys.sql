-- For each index of a plan, in order: does it take NULLs for equal? A key that can be NULL needs one that does.
CREATE OR REPLACE FUNCTION pgstream._null_keys(plan jsonb) RETURNS boolean[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY(SELECT s ~ ' NULLS NOT DISTINCT$' FROM jsonb_array_elements_text(plan #> '{install,indexes}') WITH ORDINALITY AS u(s, i) ORDER BY i)
$$;
