-- Which groups read which: `readers` and `sources` say who reads what, `ids` and `groups` who is in which group.
CREATE OR REPLACE FUNCTION pgstream._group_edges(
  readers bigint[], sources oid[], ids bigint[], groups bigint[]
) RETURNS TABLE (source bigint, reader bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH members AS MATERIALIZED (
    SELECT * FROM unnest(ids, groups) AS m(pgs_id, group_id)
  )
  SELECT DISTINCT source.group_id, reader.group_id
  FROM unnest(readers, sources) AS d(pgs_id, source_relid)
  JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = d.source_relid
  JOIN members source ON source.pgs_id = s.pgs_id JOIN members reader ON reader.pgs_id = d.pgs_id
  WHERE source.group_id <> reader.group_id
$$;
