-- Has something been committed that the scheduler should look at and no counter of changes tells of? Two looks at tables that
-- are nearly always empty.
CREATE OR REPLACE FUNCTION pgstream._is_woken() RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM pgstream._wakes) OR EXISTS (SELECT FROM pgstream.graph_changes)
$$;
