-- A table was made or altered: which other tables have rows in common with it may be different from now on, and with that
-- which stream tables are refreshed together.
CREATE OR REPLACE FUNCTION pgstream._note_family(relation oid) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE above(oid) AS (
    SELECT relation
    UNION SELECT i.inhparent FROM above JOIN pg_inherits i ON i.inhrelid = above.oid
  ), below(oid) AS (
    SELECT relation
    UNION SELECT i.inhrelid FROM below JOIN pg_inherits i ON i.inhparent = below.oid
  ), family AS (
    SELECT a.oid FROM above a UNION SELECT b.oid FROM below b
  )
  INSERT INTO pgstream.graph_changes
  SELECT
  -- relhassubclass says so of a table that has had children, too.
  WHERE (SELECT c.relhassubclass OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = relation) FROM pg_class c WHERE c.oid = relation)
    AND EXISTS (SELECT FROM family JOIN pgstream.pgs_dependencies d ON d.source_relid = family.oid)
$$;
