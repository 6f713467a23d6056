-- Puts a plan, and what its request says of the query, into the catalog row.
CREATE OR REPLACE FUNCTION pgstream._keep_plan(id bigint, request jsonb, new_plan jsonb) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE pgstream.pgs_stream_tables
  -- With the names that its statements say, and what is known of the rows (pgstream._with_held_facts).
  SET plan = new_plan || jsonb_build_object('names', pgstream._request_names(request), 'facts', pgstream._request_facts(request)),
    relations = ARRAY(SELECT r.key::oid FROM jsonb_each(request -> 'relations') AS r WHERE r.value ->> 'kind' <> 'v'),
    views = ARRAY(SELECT r.key::oid FROM jsonb_each(request -> 'relations') AS r WHERE r.value ->> 'kind' = 'v'),
    uses = pgstream._tree_uses((request ->> 'tree') || ARRAY(
      SELECT r.value ->> 'tree' FROM jsonb_each(request -> 'relations') AS r WHERE r.value ->> 'tree' IS NOT NULL))
  WHERE pgs_id = id;
  UPDATE pgstream.pgs_stream_tables
  SET uses_state = pgstream._uses_state(uses, views),
    plan = plan || jsonb_build_object('shapes', pgstream._row_shapes(uses))
  WHERE pgs_id = id AND (uses <> '{}' OR views <> '{}' OR uses_state <> '{}')
$$;
