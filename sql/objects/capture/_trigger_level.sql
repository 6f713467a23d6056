-- An apply worker of logical replication fires row triggers only, so a table that it writes needs those. So does one whose
-- rows are also written through a parent that is not captured with it: that fires the parent's statement triggers.
CREATE OR REPLACE FUNCTION pgstream._trigger_level(carriers oid[]) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = ANY (carriers))
      OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = ANY (carriers) AND i.inhparent <> ALL (carriers))
    THEN 'ROW' ELSE 'STATEMENT' END
$$;
