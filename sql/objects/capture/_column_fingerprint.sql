-- What a plan that recomputes relies on of a source: its name, and names and types of the columns that it reads. In mode AUTO
-- also what of it may stand in the way of maintaining the query incrementally: when that passes, another plan is made.
CREATE OR REPLACE FUNCTION pgstream._column_fingerprint(id bigint, source oid, columns smallint[]) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object(
    'name', pgstream._qualified_name(source),
    'names', coalesce(jsonb_object_agg(a.attnum, a.attname) FILTER (WHERE a.attnum IS NOT NULL), '{}'),
    'types', coalesce(jsonb_object_agg(a.attnum, concat_ws('/', a.atttypid, a.atttypmod, a.attcollation)) FILTER (WHERE a.attnum IS NOT NULL), '{}'))
    || coalesce((
      SELECT jsonb_build_object('members', to_jsonb(members::bigint[]),
        'obstacle', nullif(concat_ws(' ', o.detail, CASE WHEN t.relrowsecurity AND pgstream._hides_rows(source, c.relowner, s.views) THEN 'row security' END,
          CASE WHEN cardinality(members) > 1 THEN 'children' END), ''))
      FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid JOIN pg_class t ON t.oid = source,
        pgstream._descendants(source) AS members, pgstream._source_obstacle(id, pg_get_userbyid(c.relowner), source, _column_fingerprint.columns) AS o
      WHERE s.pgs_id = id AND s.refresh_mode = 'AUTO'), '{}')
  FROM (VALUES (1)) AS one LEFT JOIN pg_attribute a ON a.attrelid = source AND a.attnum = ANY (columns) AND NOT a.attisdropped
$$;
