-- Is this what pgstream.bulk_create takes?
CREATE OR REPLACE FUNCTION pgstream._check_bulk(definitions jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- What each key takes.
  known CONSTANT jsonb := '{"name": "string", "query": "string", "schedule": "string", "refresh_mode": "string",
    "initialize": "boolean", "consistency_group": "string", "if_exists": "string"}';
  entry record;
  wrong text;
BEGIN
  IF definitions IS NULL OR jsonb_typeof(definitions) <> 'array' THEN
    RAISE EXCEPTION 'the definitions must be a JSON array'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give [{"name": "…", "query": "…", "schedule": "1m"}, …].';
  END IF;
  FOR entry IN SELECT e.value, e.i FROM jsonb_array_elements(definitions) WITH ORDINALITY AS e(value, i) ORDER BY e.i LOOP
    wrong := CASE
      WHEN jsonb_typeof(entry.value) <> 'object' THEN 'it is no object'
      WHEN NOT entry.value ? 'name' THEN 'it has no "name"'
      WHEN NOT entry.value ? 'query' THEN 'it has no "query"'
      ELSE (
        SELECT CASE WHEN known ? k.key THEN format('"%s" must be a %s', k.key, known ->> k.key)
          ELSE format('"%s" is not known', k.key) END
        FROM jsonb_each(entry.value) AS k
        WHERE jsonb_typeof(k.value) IS DISTINCT FROM known ->> k.key
        ORDER BY k.key LIMIT 1) END;
    IF wrong IS NULL AND coalesce(entry.value ->> 'if_exists', 'error') NOT IN ('error', 'skip', 'replace') THEN
      wrong := '"if_exists" must be error, skip or replace';
    ELSIF wrong IS NULL AND (SELECT count(*) FROM jsonb_array_elements(definitions) AS e WHERE e ->> 'name' = entry.value ->> 'name') > 1 THEN
      wrong := format('"%s" occurs twice', entry.value ->> 'name');
    END IF;
    IF wrong IS NOT NULL THEN
      RAISE EXCEPTION 'invalid definition number %', entry.i
        USING ERRCODE = 'invalid_parameter_value', DETAIL = upper(left(wrong, 1)) || substr(wrong, 2) || '.',
          HINT = 'The keys are name, query, schedule, refresh_mode, initialize, consistency_group and if_exists.';
    END IF;
  END LOOP;
END
$$;
