-- Raises what the compiler answered instead of a plan, in its own words.
CREATE OR REPLACE FUNCTION pgstream._raise_refusal(refusal jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  code text := coalesce(refusal ->> 'sqlstate', 'XX000');
  detail text := coalesce(refusal ->> 'detail', '');
  hint text := coalesce(refusal ->> 'hint', '');
BEGIN
  -- An empty detail would be shown as an empty line, and NULL is not allowed.
  IF detail <> '' AND hint <> '' THEN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = refusal ->> 'message', DETAIL = detail, HINT = hint;
  ELSIF detail <> '' THEN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = refusal ->> 'message', DETAIL = detail;
  ELSIF hint <> '' THEN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = refusal ->> 'message', HINT = hint;
  END IF;
  RAISE EXCEPTION USING ERRCODE = code, MESSAGE = refusal ->> 'message';
END
$$;
