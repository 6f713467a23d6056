-- What tells whether the source of a copy has other content; NULL where nothing tells. Every REFRESH MATERIALIZED VIEW writes
-- the view's row of pg_class anew, CONCURRENTLY or not (SetMatViewPopulatedState in matview.c), and nothing else changes its
-- content. Of two in one transaction the file, or the row's place, tells.
CREATE OR REPLACE FUNCTION pgstream._source_state(id bigint) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT concat_ws(' ', c.oid, c.xmin, c.ctid, c.relfilenode)
  FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.relations[1]
  WHERE s.pgs_id = id AND s.is_copy AND c.relkind = 'm'
$$;
