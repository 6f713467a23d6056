-- What everything in a compile request is called, by catalog and oid: all that the text of the query may name. What comes
-- with PostgreSQL keeps its name.
CREATE OR REPLACE FUNCTION pgstream._request_names(request jsonb) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(jsonb_object_agg(n.key, n.name), '{}')
  FROM (
    SELECT 'relation ' || r.key AS key, concat_ws('.', r.value ->> 'schema', r.value ->> 'name') AS name
    FROM jsonb_each(request -> 'relations') AS r
    UNION ALL
    SELECT format('column %s %s', r.key, c ->> 'attnum'), c ->> 'name'
    FROM jsonb_each(request -> 'relations') AS r, jsonb_array_elements(r.value -> 'columns') AS c
    UNION ALL
    SELECT 'type ' || t.key, t.value ->> 'sql' FROM jsonb_each(request -> 'types') AS t WHERE t.value ->> 'schema' <> 'pg_catalog'
    UNION ALL
    SELECT format('label %s', l.key), l.value FROM jsonb_each(request -> 'types') AS t, jsonb_each_text(t.value -> 'labels') AS l
    UNION ALL
    SELECT format('attribute %s %s', t.key, a.i), a.value ->> 'name'
    FROM jsonb_each(request -> 'types') AS t, jsonb_array_elements(t.value -> 'attributes') WITH ORDINALITY AS a(value, i)
    WHERE a.value ->> 'name' IS NOT NULL
    UNION ALL
    SELECT 'function ' || f.key, concat_ws('.', f.value ->> 'schema', f.value ->> 'name') FROM jsonb_each(request -> 'functions') AS f
    WHERE f.value ->> 'schema' <> 'pg_catalog'
    UNION ALL
    SELECT 'operator ' || o.key, concat_ws('.', o.value ->> 'schema', o.value ->> 'name') FROM jsonb_each(request -> 'operators') AS o
    WHERE o.value ->> 'schema' <> 'pg_catalog'
    UNION ALL
    SELECT 'collation ' || c.key, concat_ws('.', c.value ->> 'schema', c.value ->> 'name') FROM jsonb_each(request -> 'collations') AS c
    WHERE c.value ->> 'schema' <> 'pg_catalog'
    UNION ALL
    SELECT format('registered %s %s', r.type, r.object), pgstream._registered_name(r.type, r.object)
    FROM pgstream._tree_registered(ARRAY[request ->> 'tree']) AS r WHERE pgstream._registered_name(r.type, r.object) IS NOT NULL
  ) AS n
$$;
