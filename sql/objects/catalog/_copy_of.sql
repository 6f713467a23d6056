-- The stream table that is compared with `source` at each refresh and read in its place by the stream tables of `owner`
-- (pgstream.compare_source). Of nobody else's: what is in it its owner could have given another query.
CREATE OR REPLACE FUNCTION pgstream._copy_of(source oid, owner name) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.pgs_id FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
  WHERE s.is_copy AND s.relations = ARRAY[source] AND pg_get_userbyid(c.relowner) = owner
  ORDER BY s.pgs_id LIMIT 1
$$;
