-- The compile request for a stream table as it was defined, with the facts as they are now. Its definition is stale when
-- something has another name than the text was printed with.
CREATE OR REPLACE FUNCTION pgstream._stored_request(id bigint, mode text) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  request jsonb;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  -- The types of its columns may have other names by now.
  target.columns := (
    SELECT coalesce(jsonb_agg(c.value || jsonb_build_object('sql', coalesce(
      format_type((c.value ->> 'type')::oid, (c.value ->> 'typmod')::integer), c.value ->> 'sql')) ORDER BY c.i), '[]')
    FROM jsonb_array_elements(target.columns) WITH ORDINALITY AS c(value, i));
  request := pgstream._with_row_security(pgstream._compile_request_for_tree(target.tree, target.definition, target.columns,
    id, target.pgs_schema, target.pgs_name, mode, target.settings), (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = target.pgs_relid));
  IF target.plan ? 'literals' THEN
    request := request || jsonb_build_object('literals', target.plan -> 'literals');
  END IF;
  IF pgstream._names_differ(target.names, pgstream._request_names(request)) THEN
    request := request || '{"definitionIsStale": true}';
  END IF;
  RETURN request;
END
$$;
