-- A compile request with no more facts than `facts` has, of the relations that are in there (pgstream._request_facts): those that
-- were known when the plan before was made, and so held for all rows that its content and what is to be consumed are of. A
-- constraint that came since (UPDATE … WHERE k IS NULL, then SET NOT NULL) says nothing of the rows that were changed to suit it.
CREATE OR REPLACE FUNCTION pgstream._with_held_facts(request jsonb, facts jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  -- Nearly always none has come.
  SELECT CASE WHEN facts IS NULL OR NOT EXISTS (
    SELECT FROM jsonb_each(pgstream._request_facts(request)) AS n WHERE facts ? n.key AND NOT n.value <@ (facts -> n.key)) THEN request
  ELSE jsonb_set(request, '{relations}', (
    SELECT jsonb_object_agg(r.key, CASE WHEN NOT facts ? r.key THEN r.value ELSE r.value || jsonb_build_object(
      'columns', (
        SELECT coalesce(jsonb_agg(c || jsonb_build_object('notNull', (c ->> 'notNull')::boolean AND h.held ? format('not null %s', c ->> 'attnum')) ORDER BY i), '[]')
        FROM jsonb_array_elements(r.value -> 'columns') WITH ORDINALITY AS u(c, i)),
      'keys', (
        SELECT coalesce(jsonb_agg(k || jsonb_build_object('nullsNotDistinct',
          (k ->> 'nullsNotDistinct')::boolean AND h.held ? format('key %s nulls not distinct', k ->> 'columns')) ORDER BY i), '[]')
        FROM jsonb_array_elements(r.value -> 'keys') WITH ORDINALITY AS u(k, i) WHERE h.held ? format('key %s', k ->> 'columns'))) END)
    FROM jsonb_each(request -> 'relations') AS r CROSS JOIN LATERAL (SELECT facts -> r.key AS held) AS h)) END
$$;
