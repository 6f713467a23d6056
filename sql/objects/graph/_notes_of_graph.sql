-- Which definitions pgstream.graph does not show yet, by their notes; NULL when there are none.
CREATE OR REPLACE FUNCTION pgstream._notes_of_graph() RETURNS text
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(n.ctid || ' ' || n.xmin, ' ' ORDER BY n.ctid) FROM pgstream.graph_changes n
$$;
