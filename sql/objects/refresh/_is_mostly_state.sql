-- Is the state that a stream table keeps more than twice its content? Then recomputing it costs what the first fill did.
CREATE OR REPLACE FUNCTION pgstream._is_mostly_state(id bigint) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT sum(pg_relation_size(c.oid)) > 2 * pg_relation_size((SELECT s.pgs_relid FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id))
  FROM pg_class c
  WHERE c.relnamespace = 'pgstream_state'::regnamespace AND c.relkind = 'r'
    -- By an index: all names that begin so.
    AND c.relname >= ('state_' || id || '_')::name AND c.relname < ('state_' || id || '`')::name
$$;
